import * as assert from "node:assert/strict";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { RECORDS, TOKENS } from "../../../support/clouds/google/names";
import { at, type Values } from "../../../support/clouds/values";
import { ownAddresses } from "../support/addresses";
import { REGION, TestProject } from "./support/project";

const SERVICE = "/api/v1/namespaces/team/services/web";

describe("the simulated Google Cloud's balancers", () => {
  let project: TestProject;
  let cluster: string;
  let server: net.Server;
  let nodePort: number;

  beforeEach(async () => {
    project = await TestProject.start();
    cluster = await project.cluster();
    server = net.createServer((socket) => socket.end("pod"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    nodePort = (server.address() as net.AddressInfo).port;
  });
  afterEach(async () => {
    server.close();
    await project.close();
  });

  const put = (spec: Values = {}, annotations: Values = {}) =>
    project.api.put(SERVICE, {
      metadata: { annotations },
      spec: { type: "LoadBalancer", ports: [{ port: 8080, nodePort }], ...spec },
    });
  const service = () => project.api.objects.get(SERVICE) ?? {};
  const ingress = () => at(service(), "status.loadBalancer.ingress") as Values[] | undefined;
  const ip = () => String(ingress()?.[0]?.["ip"]);
  const kinds = () =>
    project.cloud.store
      .list()
      .map(({ kind }) => kind)
      .filter((kind) => kind.startsWith("google:") && kind !== RECORDS.instance)
      .sort();

  /** Waits for what controllers do. */
  async function until(what: string, holds: () => boolean): Promise<void> {
    for (let i = 0; i < 1500 && !holds(); i++) await sleep(20);
    assert.ok(holds(), what);
  }
  const given = () => until("an address", () => ingress() !== undefined);

  it("pass connections on from a reserved address", async () => {
    const id = await project.make(TOKENS.address, { name: "a", region: REGION });
    const { address } = project.cloud.store.find(TOKENS.address, id)!.outputs;
    put({ loadBalancerIP: address }, { "cloud.google.com/l4-rbs": "enabled" });
    await given();
    assert.equal(ip(), address);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = net.connect(8080, ip()).on("error", reject);
      socket.on("data", (data) => resolve(data.toString()));
    });
    assert.equal(answer, "pod");
    assert.deepEqual(kinds(), [
      RECORDS.backendService,
      RECORDS.firewall,
      RECORDS.firewall,
      RECORDS.forwardingRule,
      RECORDS.healthCheck,
    ]);
  });

  it("are of the older kind without the annotation", async () => {
    put();
    await given();
    assert.ok(kinds().includes(RECORDS.targetPool));
    assert.ok(
      project.cloud.store.list(RECORDS.firewall).some(({ id }) => id.endsWith("-node-http-hc")),
    );
  });

  it("refuse an address that is not the project's, and say so", async () => {
    const strange = `${ownAddresses("google")}.77`;
    put({ loadBalancerIP: strange });
    const event = () =>
      project.api.objects.get("/api/v1/namespaces/team/events/web.syncloadbalancerfailed");
    await until("an event", () => event() !== undefined);
    assert.equal(
      event()?.["message"],
      `Error syncing load balancer: failed to ensure load balancer: requested ip "${strange}" is neither static nor assigned to the LB`,
    );
    assert.equal(ingress(), undefined);
  });

  it("get no address while it is withheld", async () => {
    project.cloud.faults.condition("withhold-address", true);
    put();
    await until("a finalizer", () => at(service(), "metadata.finalizers") !== undefined);
    await sleep(900);
    assert.equal(ingress(), undefined);
    project.cloud.faults.clear();
    await given();
  });

  it("go before their Service; firewalls some time later", async () => {
    put({}, { "cloud.google.com/l4-rbs": "enabled" });
    await given();
    const gone = ip();
    project.api.delete(SERVICE);
    assert.ok(project.api.objects.has(SERVICE), "the finalizer holds it");
    await until("its end", () => !project.api.objects.has(SERVICE));
    assert.ok(!kinds().includes(RECORDS.forwardingRule));
    await until("no firewall", () => kinds().length === 0);
    await assert.rejects(
      new Promise((resolve, reject) =>
        net.connect(8080, gone, () => resolve(0)).on("error", reject),
      ),
    );
  });

  it("stay behind when the cluster goes first, with their firewalls in the network", async () => {
    put();
    await given();
    await project.remove(TOKENS.cluster, cluster);
    await project.remove(
      TOKENS.subnetwork,
      `projects/simulated-project/regions/${REGION}/subnetworks/nodes`,
    );
    assert.ok(kinds().includes(RECORDS.forwardingRule));
    await assert.rejects(
      project.remove(TOKENS.network, "projects/simulated-project/global/networks/net"),
      /already being used by 'projects\/simulated-project\/global\/firewalls\/k8s-fw-a/,
    );
  });
});
