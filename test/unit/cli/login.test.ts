import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { destroy } from "../../../cli/destroy";
import { Engine } from "../../../cli/engine";
import { expires } from "../../../cli/login";
import { settle } from "../../../cli/recovery";
import type { Session } from "../../../cli/session";
import type { StateResource } from "../../../cli/state";
import { silentProgress } from "../../../local/progress";
import { Sandbox } from "./support/sandbox";

/** As `pulumi stack export --show-secrets` has it. */
const provider = (user: object): StateResource => ({
  urn: "urn:pulumi:prod::modelport::pulumi:providers:kubernetes::gke",
  type: "pulumi:providers:kubernetes",
  inputs: {
    kubeconfig: {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(
        JSON.stringify({
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "c", user: "token-user" } }],
          clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
          users: [{ name: "token-user", user }],
        }),
      ),
    },
  },
});

describe("the login that a state has", () => {
  const cases: [what: string, target: string, user: object, expected: boolean][] = [
    ["a token", "gke", { token: "ya29.x" }, true],
    ["a token", "iks", { token: "x" }, true],
    ["a plug-in", "gke", { exec: { command: "gke-gcloud-auth-plugin" } }, false],
    ["a certificate", "openshift", { "client-certificate-data": "x" }, false],
    ["a token of one's own", "existing", { token: "x" }, false],
  ];
  for (const [what, target, user, expected] of cases)
    it(`${expected ? "may have expired" : "lasts"}: ${what} on target ${target}`, () => {
      assert.equal(expires(target, [provider(user)]), expected);
    });

  it("is nothing where there is no cluster yet", () => {
    assert.equal(expires("gke", []), false);
  });
});

describe("a stack in a cloud whose login may have expired", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const calls = () => fs.readFileSync(path.join(sandbox.root, "calls"), "utf8").trim().split("\n");

  /** Before an engine whose state is given. */
  function session(user: object, more: object = {}): Session {
    const resources = [provider(user)];
    const state = sandbox.write(
      "state.json",
      JSON.stringify({ deployment: { resources, ...more } }),
    );
    const script = `echo "$@" >> ${sandbox.root}/calls; [ "$2" = export ] && cat ${state}; [ "$2" = import ] && cat > /dev/null; exit 0`;
    const pulumi = sandbox.executable("pulumi", script);
    return {
      stack: "prod",
      settings: { target: "gke", hasSalt: false, config: {} },
      progress: silentProgress(),
      variables: {},
      engine: new Engine({ pulumi, cwd: sandbox.root, stack: "prod", variables: {} }),
    };
  }

  it("is taken away with a new one, and only then", async () => {
    await destroy(session({ token: "x" }));
    await destroy(session({ exec: {} }));
    const [anew, plain] = calls().filter((call) => call.startsWith("destroy"));
    assert.match(anew ?? "", / --run-program /);
    assert.doesNotMatch(plain ?? "", /--run-program/);
  });

  it("is read again with a new one", async () => {
    const pending = { type: "updating", resource: provider({ token: "x" }) };
    await settle(session({ token: "x" }, { pending_operations: [pending] }));
    assert.match(calls().at(-1) ?? "", /^refresh .* --run-program /);
  });
});
