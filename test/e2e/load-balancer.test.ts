import * as assert from "node:assert/strict";
import * as path from "node:path";
import { WITHHOLD_ANNOTATION } from "../../local/cluster/supervisor/load-balancer";
import { Kubernetes } from "../support/clouds/kubernetes";
import { at } from "../support/clouds/values";
import { assertGolden, Client } from "./support/client";
import { eventually } from "./support/eventually";
import { StackUnderTest } from "./support/stack";
import { World } from "./support/world";

const SERVICE = "/api/v1/namespaces/modelport-local/services/iris";

/** Addresses of this machine for Services of type LoadBalancer. */
describe("the embedded cluster's load balancer", () => {
  const client = new Client();
  let world: World;
  let stack: StackUnderTest;
  let kubernetes: Kubernetes;
  let traces: string[];
  let url: string;

  const predicts = (): Promise<unknown> =>
    assertGolden(client, url, path.join(world.checkout, "app/models/iris/1/golden.json"));
  const isSilent = (): Promise<void> =>
    assert.rejects(client.predict(url, "[5.1,3.5,1.4,0.2]"), { code: "ECONNREFUSED" });
  const address = async (): Promise<unknown> =>
    at(await kubernetes.get(SERVICE), "status.loadBalancer.ingress");
  const withhold = (value: "true" | null): Promise<unknown> =>
    kubernetes.patch(SERVICE, { metadata: { annotations: { [WITHHOLD_ANNOTATION]: value } } });
  const configure = (service: Record<string, unknown>): void =>
    stack.write({ target: "embedded", services: { iris: { models: ["iris"], ...service } } });

  before(async () => {
    world = await World.make();
    traces = world.traces();
    stack = new StackUnderTest(world, "local");
    world.defer(() => stack.modelport(["down"]));
  });

  after(() => world.stop());

  it("gives a service an address, at which it predicts", async () => {
    configure({ exposure: "LoadBalancer", replicas: 1 });
    const iris = (await stack.up())["iris"]!;
    assert.match(iris.url, /^http:\/\/127\.213\.\d+\.\d+$/);
    assert.equal(iris.reachableFrom, "machine");
    url = iris.url;
    await predicts();
    kubernetes = new Kubernetes(path.join(world.state, "clusters/local/kubeconfigs/admin.conf"));
    assert.deepEqual(await address(), [{ ip: new URL(url).hostname, ipMode: "Proxy" }]);
  });

  it("gives it again after its supervisor was killed", async () => {
    const cluster = await world.startCluster();
    process.kill(cluster.supervisor.pid, "SIGKILL");
    await eventually(isSilent);
    await world.startCluster();
    await eventually(predicts, 240_000);
  });

  it("withholds it, and the update says why", async () => {
    await withhold("true");
    await eventually(async () => assert.equal(await address(), undefined));
    await isSilent();
    configure({ exposure: "LoadBalancer", replicas: 2 });
    const { code, stderr } = await stack.modelport(["up"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /service iris was given no address by its LoadBalancer/);
    assert.match(stderr, new RegExp(`AddressWithheld: annotation ${WITHHOLD_ANNOTATION}`));

    await withhold(null);
    url = (await stack.up())["iris"]!.url;
    await predicts();
  });

  it("frees it where a service is reached otherwise", async () => {
    configure({ exposure: "NodePort", replicas: 1 });
    await stack.up();
    await eventually(isSilent);
    await eventually(async () => assert.equal(await address(), undefined));
    configure({ exposure: "LoadBalancer", replicas: 1 });
    assert.equal((await stack.up())["iris"]?.url, url);
  });

  it("leaves nothing after `down`", async () => {
    await stack.succeed(["down"]);
    await isSilent();
    const left = () => world.traces().filter((trace) => !traces.includes(trace));
    await eventually(() => assert.deepEqual(left(), []));
  });
});
