import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import { once } from "node:events";
import { provide, withdraw } from "../../../support/clouds/ibm/cluster-contents";
import { ServiceBalancers } from "../../../support/clouds/ibm/services";
import * as tokens from "../../../support/clouds/ibm/tokens";
import type { Stored } from "../../../support/clouds/kind";
import { child, children, text, type Values } from "../../../support/clouds/values";
import { eventually } from "../../../e2e/support/eventually";
import { ApiServer } from "../support/api-server";
import { temporaryFolder, TestAccount } from "./support/account";

const PREFIX = "service.kubernetes.io/ibm-load-balancer-cloud-provider";
const PORT = 18080;

describe("the simulated IBM Cloud's balancers", () => {
  let api: ApiServer;
  let account: TestAccount;
  let running: ServiceBalancers | undefined;
  beforeEach(async () => {
    api = await ApiServer.start(temporaryFolder());
    account = new TestAccount(api);
  });
  afterEach(async () => {
    running?.stop();
    running = undefined;
    // The API server first: what its last answer tells may open a balancer once more.
    await api.close();
    await account.cloud.balancers.closeAll();
  });

  const pathOf = (name: string) => `/api/v1/namespaces/test/services/${name}`;

  function put(name: string, annotations: Values = {}, nodePort = 30080): void {
    const spec = { type: "LoadBalancer", ports: [{ port: PORT, nodePort }] };
    api.put(pathOf(name), { metadata: { annotations, resourceVersion: "1" }, spec });
  }

  function serve(cluster: Stored): void {
    running = new ServiceBalancers(cluster, account.cloud);
    running.start();
  }

  const addressOf = (name: string): Values | undefined => {
    const service = api.objects.get(pathOf(name)) ?? {};
    return children(child(child(service, "status"), "loadBalancer"), "ingress")[0];
  };

  const warnings = () =>
    [...api.objects]
      .filter(([at]) => at.includes("/events/"))
      .map(([, event]) => text(event, "message"));

  it("gives an ALB by host name, which leads to the service", async () => {
    const backend = net.createServer((socket) => socket.end("pod"));
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    put("alb", {}, (backend.address() as net.AddressInfo).port);
    serve(account.cluster());
    await eventually(() => assert.ok(addressOf("alb")));
    const hostname = text(addressOf("alb") ?? {}, "hostname");
    assert.match(hostname, /^[0-9a-f]{8}-us-south\.lb\.appdomain\.cloud$/);
    const hosts = fs.readFileSync(account.cloud.settings.hosts, "utf8");
    const address = hosts.split("\n").find((line) => line.endsWith(` ${hostname}`));
    const socket = net.connect(PORT, address?.split(" ")[0]);
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.equal(answer.toString(), "pod");
    backend.close();
  });

  it("gives an NLB by address", async () => {
    put("nlb", { [`${PREFIX}-enable-features`]: "nlb" });
    serve(account.cluster());
    await eventually(() => assert.match(text(addressOf("nlb") ?? {}, "ip"), /^127\./));
  });

  it("withholds an address for as long as it is told to, and says so", async () => {
    account.cloud.faults.condition("withhold-address", true);
    put("late");
    serve(account.cluster());
    await eventually(() => assert.match(warnings().join(), /is not ready/));
    assert.equal(addressOf("late"), undefined);
    account.cloud.faults.condition("withhold-address", undefined);
    await eventually(() => assert.ok(addressOf("late")));
  });

  it("holds a Service until its balancer is gone", async () => {
    put("alb");
    serve(account.cluster());
    await eventually(() => assert.ok(addressOf("alb")));
    api.delete(pathOf("alb"));
    assert.ok(api.objects.has(pathOf("alb")), "nothing held it");
    await eventually(() => assert.equal(api.objects.has(pathOf("alb")), false));
    assert.deepEqual(account.cloud.store.list(tokens.LOAD_BALANCER), []);
    assert.doesNotMatch(fs.readFileSync(account.cloud.settings.hosts, "utf8"), /lb\.appdomain/);
  });

  it("has four addresses on classic infrastructure, and gives one again", async () => {
    const cluster = account.cluster({ datacenter: "dal10" }, tokens.CLASSIC_CLUSTER);
    // The Ingress' own.
    account.cloud.record(tokens.PORTABLE_ADDRESS, "own", { cluster: cluster.id, address: "" });
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) put(name);
    serve(cluster);
    const served = () => names.filter((name) => addressOf(name) !== undefined);
    await eventually(() => assert.match(warnings().join(), /No cloud provider IPs are available/));
    await eventually(() => assert.equal(served().length, 4));
    const waiting = names.find((name) => !served().includes(name)) ?? "";
    api.delete(pathOf(served()[0] ?? ""));
    await eventually(() => assert.ok(addressOf(waiting)));
  });

  it("fills a new cluster, and empties it again with what was left in it", async () => {
    api.put("/api/v1/nodes/node", {});
    const outputs = { ingressHostname: "test.example.com", ingressSecret: "test-0000" };
    const cluster = account.cluster({ datacenter: "dal10", ...outputs }, tokens.CLASSIC_CLUSTER);
    await provide(cluster, account.cloud);
    const secrets = () =>
      [...api.objects.keys()]
        .filter((at) => at.includes("/secrets/"))
        .map((at) => at.split("/").at(-1));
    assert.deepEqual(secrets().sort(), ["all-icr-io", "test-0000"]);
    const labels = () =>
      child(child(api.objects.get("/api/v1/nodes/node") ?? {}, "metadata"), "labels");
    assert.equal(labels()["ibm-cloud.kubernetes.io/worker-pool-name"], "default");
    api.put("/api/v1/namespaces/mine", {});
    put("mine");
    api.put("/apis/apps/v1/namespaces/mine/deployments/web", {});
    await withdraw(cluster, account.cloud);
    assert.deepEqual(account.cloud.store.get("leftovers"), [
      "Namespace mine",
      "Deployment mine/web",
    ]);
    assert.deepEqual(secrets(), []);
    assert.equal(labels()["ibm-cloud.kubernetes.io/worker-pool-name"] ?? null, null);
    assert.equal(api.objects.has("/api/v1/namespaces/mine"), false);
    const left = account.cloud.store.list().map(({ kind }) => kind);
    assert.deepEqual(left, [tokens.CLASSIC_CLUSTER]);
  });
});
