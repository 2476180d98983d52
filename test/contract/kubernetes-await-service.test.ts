/**
 * When a Service counts as ready.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { PropertyMap } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import { at, deployment, deploymentUrn } from "./support/manifests";
import { initializationFailure, type Plugin, type Resource, urn } from "./support/plugin";
import { openSandbox, type Sandbox } from "./support/sandbox";

describe("contract: kubernetes await service", function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let plugin: Plugin;
  let namespace: string;

  before(async () => {
    sandbox = await openSandbox();
    ({ plugin, namespace } = sandbox);
  });
  after(() => sandbox.close());

  const service = (name: string, spec: PropertyMap): PropertyMap => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  /** Whether a pod of that name's Deployment is so far that it is among a Service's endpoints. */
  const hasAddress = async (app: string): Promise<boolean> => {
    const { items } = await sandbox.client.get(`/api/v1/namespaces/${namespace}/pods`);
    return (items as PropertyMap[]).some(
      (pod) =>
        at(pod, "metadata", "labels", "app") === app && at(pod, "status", "podIP") !== undefined,
    );
  };
  const serviceUrn = urn("kubernetes:core/v1:Service", "svc");

  it("takes ten seconds for stragglers among its endpoints; without a selector, or headless, it is done at once", async () => {
    // service.d.ts, condition 2; await/service.go, endpointsSettled
    const selector = { app: "nobody" };
    const began = performance.now();
    let settled = false;
    const settles = plugin
      .make(serviceUrn, service(uniqueName("settles"), { selector }), 120)
      .finally(() => (settled = true));
    // @pulumi/kubernetes core/v1/service.d.ts, condition 3
    for (const spec of [{}, { clusterIP: "None", selector }])
      await plugin.make(serviceUrn, service(uniqueName("plain"), spec), 60);
    assert.equal(settled, false);
    await settles;
    assert.ok(performance.now() - began >= 9_500);
  });

  it("fails when its pods are not ready", async () => {
    // service.d.ts, condition 3: no "not ready" endpoints
    const name = uniqueName("unready");
    const annotations = { "pulumi.com/skipAwait": "true" };
    const inputs = deployment({ name, namespace, annotations });
    const container = (at(inputs, "spec", "template", "spec", "containers") as PropertyMap[])[0]!;
    container["readinessProbe"] = { tcpSocket: { port: 1 }, periodSeconds: 1 };
    const target = await plugin.make(deploymentUrn, inputs);
    while (!(await hasAddress(name))) await sleep(50);
    const failure = await plugin
      .make(serviceUrn, service(name, { selector: { app: name } }), 14)
      .then(() => assert.fail("it must not succeed"), initializationFailure);
    assert.match(failure.reasons.join("\n"), /not (be )?ready/i);
    await plugin.delete(target);
  });

  it("fails when a load balancer gives it no address", async () => {
    // service.d.ts, condition 4
    const failure = await plugin
      .make(serviceUrn, service(uniqueName("lb"), { type: "LoadBalancer" }), 15)
      .then((made: Resource) => {
        // A cluster with a load balancer answers otherwise, and rightly so.
        assert.ok(at(made.state, "status", "loadBalancer", "ingress"));
      }, initializationFailure);
    if (failure !== undefined) assert.match(failure.reasons.join("\n"), /address/i);
  });
});
