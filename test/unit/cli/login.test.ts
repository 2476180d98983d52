import * as assert from "node:assert/strict";
import { expires } from "../../../cli/login";
import type { StateResource } from "../../../cli/state";

/** As `pulumi stack export --show-secrets` has it. */
const provider = (user: object): StateResource => ({
  urn: "urn:pulumi:prod::modelport::pulumi:providers:kubernetes::gke",
  type: "pulumi:providers:kubernetes",
  inputs: {
    kubeconfig: {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(JSON.stringify({ users: [{ name: "token-user", user }] })),
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
