import * as assert from "node:assert/strict";
import * as net from "node:net";
import { Forwarders } from "../../../../../local/cluster/supervisor/forwarders";
import {
  LoadBalancer,
  WITHHOLD_ANNOTATION,
} from "../../../../../local/cluster/supervisor/load-balancer";
import type { Service, ServicePort } from "../../../../../local/cluster/supervisor/services";

/** Loopback addresses of this test alone. */
const NETWORK = `127.215.${(process.pid % 250) + 1}`;

/** An API server's part: keeps the statuses that are written, and the events. */
class TestApi {
  readonly status = new Map<string, Service["status"]>();
  readonly events: { type: string; reason: string; message: string }[] = [];

  send(method: "POST" | "PATCH", path: string, body: object): Promise<void> {
    const name = /\/services\/([^/]+)\/status$/.exec(path)?.[1];
    if (method === "PATCH" && name !== undefined) {
      this.status.set(name, (body as Pick<Service, "status">).status);
    } else {
      const { type, reason, message } = body as (typeof this.events)[number];
      this.events.push({ type, reason, message });
    }
    return Promise.resolve();
  }
}

describe("the embedded cluster's load balancer", () => {
  let api: TestApi;
  let forwarders: Forwarders;
  let balancer: LoadBalancer;
  let log: string[];
  /** Stands for the node: says on which port it was reached. */
  const node = net.createServer((socket) => socket.end("node"));
  const occupied: net.Server[] = [];
  let nodePort: number;

  before(async () => {
    await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
    nodePort = (node.address() as net.AddressInfo).port;
  });

  after(() => node.close());

  beforeEach(() => {
    api = new TestApi();
    log = [];
    start();
  });

  afterEach(() => {
    stop();
    for (const server of occupied.splice(0)) server.close();
  });

  it("gives each Service an address of its own, which answers on privileged ports", async () => {
    await reconcile("one");
    await reconcile("two");
    const [one, two] = [addressOf("one"), addressOf("two")];
    assert.deepEqual([one, two], [`${NETWORK}.1`, `${NETWORK}.2`]);
    assert.deepEqual(api.status.get("one")?.loadBalancer?.ingress, [{ ip: one, ipMode: "Proxy" }]);
    assert.equal(await ask(one, 80), "node");
    assert.equal(await ask(two, 80), "node");
  });

  it("writes and tells once, however often it is asked", async () => {
    await reconcile("one");
    const { events } = api;
    assert.deepEqual(events, [{ type: "Normal", reason: "AddressGiven", message: `${NETWORK}.1` }]);
    api.send = () => Promise.reject(new Error("nothing is to be written"));
    await reconcile("one");
    assert.equal(log.filter((line) => line.includes("nothing is to be")).length, 0, log.join());
  });

  it("frees the address when the Service is deleted, or is of another type", async () => {
    await reconcile("one");
    await reconcile("two");
    await balancer.reconcile("team/one", undefined);
    await assert.rejects(ask(`${NETWORK}.1`, 80), { code: "ECONNREFUSED" });
    await reconcile("two", { type: "NodePort" });
    assert.equal(api.status.get("two")?.loadBalancer?.ingress, null);
    await assert.rejects(ask(`${NETWORK}.2`, 80), { code: "ECONNREFUSED" });
    await reconcile("three");
    assert.equal(addressOf("three"), `${NETWORK}.1`);
  });

  it("goes on after a Service that it can't make sense of", async () => {
    const broken = { metadata: { namespace: "team", name: "broken" } } as Service;
    await balancer.reconcile("team/broken", broken);
    await reconcile("one");
    assert.equal(addressOf("one"), `${NETWORK}.1`);
    assert.match(log.join("\n"), /team\/broken: TypeError/);
  });

  it("gives nobody the address that another has, even if that comes later", async () => {
    await reconcile("one");
    stop();
    start();
    balancer.remember([service("early"), service("one")]);
    await reconcile("early");
    await reconcile("one");
    assert.deepEqual([addressOf("one"), addressOf("early")], [`${NETWORK}.1`, `${NETWORK}.2`]);
  });

  it("takes the addresses of the statuses again after a restart", async () => {
    await reconcile("one");
    await reconcile("two");
    stop();
    await assert.rejects(ask(`${NETWORK}.2`, 80), { code: "ECONNREFUSED" });
    start();
    await reconcile("two");
    await reconcile("one");
    assert.deepEqual([addressOf("one"), addressOf("two")], [`${NETWORK}.1`, `${NETWORK}.2`]);
    assert.equal(await ask(`${NETWORK}.2`, 80), "node");
  });

  it("withholds what the annotation withholds, given before or not", async () => {
    const withheld = { annotations: { [WITHHOLD_ANNOTATION]: "true" } };
    await reconcile("one", withheld);
    assert.equal(addressOf("one"), undefined);
    assert.equal(api.events.at(-1)?.reason, "AddressWithheld");
    await reconcile("one");
    assert.equal(addressOf("one"), `${NETWORK}.1`);
    await reconcile("one", withheld);
    assert.equal(api.status.get("one")?.loadBalancer?.ingress, null);
    await assert.rejects(ask(`${NETWORK}.1`, 80), { code: "ECONNREFUSED" });
    assert.equal(api.events.filter(({ type }) => type === "Warning").length, 2);
  });

  it("follows a Service's ports", async () => {
    await reconcile("one");
    await reconcile("one", { ports: [{ port: 81, nodePort }] });
    assert.equal(await ask(`${NETWORK}.1`, 81), "node");
    await assert.rejects(ask(`${NETWORK}.1`, 80), { code: "ECONNREFUSED" });
  });

  it("leaves UDP out and says so; nothing but UDP is an event", async () => {
    const udp = { port: 53, nodePort, protocol: "UDP" };
    await reconcile("one", { ports: [{ port: 80, nodePort }, udp] });
    await reconcile("one", { ports: [{ port: 80, nodePort }, udp] });
    assert.equal(log.filter((line) => line.includes("only TCP ports")).length, 1, log.join("\n"));
    await reconcile("two", { ports: [udp] });
    assert.equal(addressOf("two"), undefined);
    assert.deepEqual(api.events.at(-1)?.reason, "NoAddress");
  });

  it("passes an address over whose port another program has", async () => {
    await occupy(`${NETWORK}.1`, 80);
    await reconcile("one");
    assert.equal(addressOf("one"), `${NETWORK}.2`);
  });

  it("tells of an address that was asked for and is taken, and takes it once it is free", async () => {
    const asked = { loadBalancerIP: `${NETWORK}.9` };
    const other = await occupy(`${NETWORK}.9`, 80);
    await reconcile("one", asked);
    assert.equal(addressOf("one"), undefined);
    assert.deepEqual(api.events.at(-1)?.reason, "AddressTaken");
    assert.match(api.events.at(-1)?.message ?? "", /port 80 of .*\.9 .*EADDRINUSE/);
    await new Promise((resolve) => other.close(resolve));
    while (addressOf("one") === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await ask(`${NETWORK}.9`, 80), "node");

    await reconcile("two", asked);
    assert.match(api.events.at(-1)?.message ?? "", /given to Service team\/one/);
    await reconcile("three", { loadBalancerIP: "192.0.2.1" });
    assert.match(api.events.at(-1)?.message ?? "", /192\.0\.2\.1 is not in/);
  });

  it("writes a status later that could not be written, unless it was closed", async () => {
    const answering = api;
    api = new TestApi();
    api.send = () => Promise.reject(new Error("no API server"));
    await reconcile("one");
    assert.match(log.join("\n"), /no API server/);
    api = answering;
    while (api.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(addressOf("one"), `${NETWORK}.1`);

    api = new TestApi();
    api.send = () => {
      balancer.close();
      return Promise.reject(new Error("no API server"));
    };
    await reconcile("two");
    api = answering;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(addressOf("two"), undefined);
  });

  it("leaves alone what another balancer cares for", async () => {
    await reconcile("one", { loadBalancerClass: "example.com/other" });
    api.status.set("two", { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } });
    await reconcile("two", { type: "ClusterIP" });
    assert.equal(addressOf("one"), undefined);
    assert.equal(addressOf("two"), "192.0.2.7");
    assert.deepEqual(api.events, []);
  });

  function start(): void {
    forwarders = new Forwarders("127.0.0.1");
    balancer = new LoadBalancer({
      network: NETWORK,
      forwarders,
      api: { send: (...args) => api.send(...args) },
      log: (line) => log.push(line),
      retryMs: 20,
    });
  }

  function stop(): void {
    balancer.close();
    forwarders.close();
  }

  interface Changed {
    type?: string;
    ports?: ServicePort[];
    annotations?: Record<string, string>;
    loadBalancerIP?: string;
    loadBalancerClass?: string;
  }

  const reconcile = (name: string, changed: Changed = {}): Promise<void> =>
    balancer.reconcile(`team/${name}`, service(name, changed));

  /** As the API server has it. */
  function service(name: string, { annotations = {}, ...spec }: Changed = {}): Service {
    const status = api.status.get(name);
    return {
      metadata: { namespace: "team", name, uid: name, annotations },
      spec: { type: "LoadBalancer", ports: [{ port: 80, nodePort }], ...spec },
      ...(status === undefined ? {} : { status }),
    };
  }

  const addressOf = (name: string): string | undefined =>
    api.status.get(name)?.loadBalancer?.ingress?.[0]?.ip;

  async function occupy(host: string, port: number): Promise<net.Server> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    occupied.push(server);
    return server;
  }

  function ask(host: string | undefined, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = "";
      net
        .connect(port, host)
        .on("data", (chunk: Buffer) => (text += chunk.toString()))
        .once("end", () => resolve(text))
        .once("error", reject);
    });
  }
});
