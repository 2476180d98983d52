import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { Engine } from "../../../cli/engine";
import { type Condition, stuck, stuckNamespaces } from "../../../cli/stuck-namespaces";
import { Sandbox } from "./support/sandbox";

describe("a namespace that can't go", () => {
  const namespace = (phase: string, ...conditions: readonly Condition[]) => ({
    metadata: { name: "modelport-prod" },
    status: { phase, conditions },
  });
  // As the namespace controller writes them: pkg/controller/namespace/deletion/status_condition_utils.go
  const remaining = {
    type: "NamespaceContentRemaining",
    status: "True",
    message: "Some resources are remaining: configmaps. has 1 resource instances",
  };
  const finalizers = {
    type: "NamespaceFinalizersRemaining",
    status: "True",
    message:
      "Some content in the namespace has finalizers remaining: example.com/never in 1 resource instances",
  };

  it("says what is left in it, what keeps that, and how it is let go", () => {
    const { why, fix } = stuck(namespace("Terminating", finalizers, remaining))!;
    assert.match(why, /modelport-prod is Terminating: .*configmaps.*; .*example\.com\/never/);
    assert.match(fix, /kubectl get configmaps --namespace modelport-prod/);
    assert.match(fix, /kubectl patch configmaps NAME .*"finalizers":null/);
  });

  it("names an API that isn't served, which keeps all namespaces", () => {
    const type = "NamespaceDeletionDiscoveryFailure";
    const message = "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1";
    const { why, fix } = stuck(namespace("Terminating", { type, status: "True", message }))!;
    assert.match(why, /metrics\.k8s\.io/);
    assert.match(fix, /kubectl get apiservices/);
  });

  describe("in a cluster", () => {
    let sandbox: Sandbox;
    let answer: ((response: http.ServerResponse) => void) | undefined;
    const server = http.createServer(({ headers }, response) => {
      response.setHeader("content-type", "application/json");
      if (headers.authorization !== "Bearer new") response.statusCode = 401;
      answer?.(response);
    });
    before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve())));
    beforeEach(() => (sandbox = new Sandbox()));
    afterEach(() => sandbox.remove());
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    const look = (milliseconds?: number) => {
      const { port } = server.address() as AddressInfo;
      const kubeconfig = JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [
          {
            name: "c",
            cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
          },
        ],
        users: [{ name: "u", user: { token: "new" } }],
      });
      const resources = [{ urn: "u", type: "pulumi:providers:kubernetes", inputs: { kubeconfig } }];
      const state = sandbox.write("state.json", JSON.stringify({ deployment: { resources } }));
      const pulumi = sandbox.executable("pulumi", `[ "$2" = export ] && cat ${state}`);
      const engine = new Engine({ pulumi, cwd: sandbox.root, stack: "prod", variables: {} });
      return stuckNamespaces({ stack: "prod", engine }, milliseconds);
    };

    it("is looked for with the state's login, which may be newer than the outputs'", async () => {
      const items = [namespace("Terminating", finalizers)];
      answer = (response) =>
        response.end(JSON.stringify({ apiVersion: "v1", kind: "NamespaceList", items }));
      assert.equal((await look(60_000)).length, 1);
    });

    it("is not waited for if the cluster is silent", async () => {
      answer = undefined;
      assert.deepEqual(await look(50), []);
    });
  });

  it("is none that stays, and none that only takes its time", () => {
    assert.equal(stuck(namespace("Active", remaining)), undefined);
    assert.equal(stuck(namespace("Terminating", { ...remaining, status: "False" })), undefined);
  });
});
