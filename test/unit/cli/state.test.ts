import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { removeCutSidecars } from "../../../cli/sidecars";
import { readState, reveal } from "../../../cli/state";
import { UserError } from "../../../local/errors";
import { Sandbox } from "./support/sandbox";

describe("secrets of an exported state", () => {
  it("are opened at any depth", () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: '"apiVersion: v1"',
    };
    assert.deepEqual(reveal({ list: [{ kubeconfig: secret }], plain: 1 }), {
      list: [{ kubeconfig: "apiVersion: v1" }],
      plain: 1,
    });
  });
});

describe("a state file", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const read = () => readState("local", { PULUMI_BACKEND_URL: sandbox.backend });

  function damaged(expected: RegExp): void {
    assert.throws(read, (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(`${error.message} ${error.why} ${error.fix}`, expected);
      return true;
    });
  }

  it("that is not there is no state", () => {
    assert.equal(read(), undefined);
  });

  it("of a stack never updated is empty", () => {
    sandbox.checkpoint("local", '{"version":3,"checkpoint":{"stack":"s"}}');
    assert.deepEqual(read(), { resources: [], pending: [] });
  });

  it("that was cut off names the backup and the command that restores it", () => {
    const file = sandbox.checkpoint("local", '{"version":3,"checkpoint":{"latest":{"resou');
    sandbox.checkpoint("local.json.bak", "");
    damaged(/damaged.*no usable backup/);
    sandbox.write("state/modelport/pulumi/.pulumi/stacks/modelport/local.json.bak", "{}");
    damaged(new RegExp(`damaged.*cp ${file}\\.bak ${file}`));
  });

  it("that is no checkpoint is damaged", () => {
    sandbox.checkpoint("local", "null");
    damaged(/damaged/);
  });

  it("loses the attributes beside it that a kill cut off: Pulumi could not read it", () => {
    const file = sandbox.checkpoint("local", "{}");
    const other = sandbox.checkpoint("other", "{}");
    const history = sandbox.write(
      "state/modelport/pulumi/.pulumi/history/modelport/local/local-1.history.json.attrs",
      "",
    );
    fs.writeFileSync(`${file}.attrs`, "");
    fs.writeFileSync(`${file}.bak.attrs`, "{}");
    fs.writeFileSync(`${other}.attrs`, "");
    removeCutSidecars(path.join(sandbox.state, "modelport/pulumi"), "local");
    assert.deepEqual(
      [`${file}.attrs`, history, file, `${file}.bak.attrs`, `${other}.attrs`].map((one) =>
        fs.existsSync(one),
      ),
      [false, false, true, true, true],
    );
  });
});
