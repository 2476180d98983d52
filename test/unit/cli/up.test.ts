import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { show, updateFailed } from "../../../cli/commands/up";
import { Engine, EngineError } from "../../../cli/engine";
import { ChangeReport } from "../../../cli/events";
import { silentProgress } from "../../../local/progress";
import { Sandbox } from "./support/sandbox";

/** Nobody listens at port 9 of this machine. */
const SILENT = "http://127.0.0.1:9/";

describe("what `up` shows of a stack that is up", () => {
  let sandbox: Sandbox;
  let server: http.Server;
  let url: string;
  let keys: (string | undefined)[];
  beforeEach(async () => {
    sandbox = new Sandbox();
    keys = [];
    server = http.createServer(({ headers }, response) => {
      keys.push(headers["x-api-key"]?.toString());
      response.end('{"predictions": [1.0]}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => {
    server.close();
    sandbox.remove();
  });

  /** @param iris the service's config */
  async function shown(at: string, json: boolean, iris: object = {}) {
    const config = { "modelport:services": { iris } };
    const engine = new Engine({ pulumi: "", cwd: "", stack: "prod", variables: {} });
    const session = {
      ...{ stack: "prod", progress: silentProgress(), variables: {}, engine },
      settings: { target: "existing", hasSalt: false, config },
    };
    const service = {
      ...{ url: at, reachableFrom: "internet" as const, image: "i", models: ["iris"] },
      namespace: "models",
    };
    const outputs = { target: "existing", url: at, image: "i", services: { iris: service } };
    return captured(() => show(session, outputs, json));
  }

  async function captured(run: () => Promise<void>) {
    const said = { stdout: "", stderr: "" };
    const { stdout, stderr } = process;
    const writes = { stdout: stdout.write.bind(stdout), stderr: stderr.write.bind(stderr) };
    for (const name of ["stdout", "stderr"] as const)
      process[name].write = (text) => ((said[name] += String(text)), true);
    try {
      await run();
    } finally {
      Object.assign(stdout, { write: writes.stdout });
      Object.assign(stderr, { write: writes.stderr });
    }
    return said;
  }

  it("is the way out of an update that gave up what is still used", () => {
    const text =
      "deleting urn:pulumi:prod::modelport::gcp:compute/address:Address::iris: 1 error occurred:\n\t* Error 400: The address resource 'a' is already being used by 'r', resourceInUseByAnotherResource";
    const settings = { target: "gke", hasSalt: false, config: {} };
    const engine = new Engine({ pulumi: "", cwd: "", stack: "prod", variables: {} });
    const session = {
      ...{ stack: "prod", settings, progress: silentProgress(), variables: {}, engine },
    };
    const summary = { ...new ChangeReport("", silentProgress()).summary, errors: [text] };
    const { fix } = updateFailed(session, summary, new EngineError("up", "", 255));
    assert.match(fix ?? "", /^wait some minutes, .*\n +npm run up -- --stack prod /);
  });

  it("is a prediction", async () => {
    const { stdout, stderr } = await shown(url, false);
    assert.match(stdout, /curl -sS [^\n]*\n {2}→ \{"predictions": \[1\.0\]\}\n$/);
    assert.equal(stderr, "");
    const { prediction } = JSON.parse((await shown(url, true)).stdout) as Record<string, unknown>;
    assert.deepEqual(prediction, { predictions: [1] });
  });

  it("is all the rest where nobody answers here", async () => {
    const { stdout, stderr } = await shown(SILENT, false);
    assert.match(stdout, /\(reachable from: internet\)\n\n {2}curl -sS /);
    assert.match(stderr, /^warning: the stack is up, .* doesn't answer: .+\n$/);
    const json = JSON.parse((await shown(SILENT, true)).stdout) as Record<string, unknown>;
    assert.deepEqual([json["url"], "prediction" in json], [SILENT, false]);
  });

  it("is all the rest where the API key can't be opened here", async () => {
    const { stdout, stderr } = await shown(url, false, { apiKeys: { me: { secure: "v1:x" } } });
    assert.match(stdout, /-H "x-api-key: \$MODELPORT_API_KEY"/);
    assert.match(
      stderr,
      /^warning: the stack is up, .* secrets of stack prod can't be opened: .+\n$/,
    );
    assert.deepEqual(keys, []);
  });
});
