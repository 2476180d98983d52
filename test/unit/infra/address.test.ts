import assert from "node:assert/strict";
import { awaitAddress, type EntryKind } from "../../../infra/components/address";
import { kubeconfig, serve, type Answer, type TestServer } from "./support/balancer";

describe("the address that a platform gives", () => {
  const servers: TestServer[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  /** @param totalMs short only where it is waited for in vain */
  const wait = async (kind: EntryKind, answer: Answer, reserved?: string, totalMs = 600_000) => {
    const api = await serve(answer);
    servers.push(api);
    const waited: string[] = [];
    const address = awaitAddress({
      stack: "prod",
      service: "iris",
      namespace: "ns",
      kind,
      kubeconfig: kubeconfig(api.port),
      context: undefined,
      reserved,
      onWait: (text) => waited.push(text),
      limits: { totalMs, pauseMs: 10, refusedMs: 60 },
    });
    return { api, address };
  };

  const balancer = (...ingress: object[]) => ({ status: { loadBalancer: { ingress } } });
  const route = (...ingress: object[]) => ({ status: { ingress } });
  const admitted = (status: string, more: object = {}) => ({
    host: "iris-ns.apps.example.com",
    routerCanonicalHostname: "router.apps.example.com",
    conditions: [{ type: "Admitted", status, ...more }],
  });

  it("is waited for: an IP address, or a host name", async () => {
    const late = await wait("Service", (_, count) => [
      200,
      count < 4 ? { status: { loadBalancer: {} } } : balancer({ ip: "192.0.2.7" }),
    ]);
    assert.deepEqual(await late.address, { host: "192.0.2.7" });
    assert.equal(late.api.seen.length, 4);
    assert.equal(late.api.seen[0]?.url, "/api/v1/namespaces/ns/services/iris");
    const named = await wait("Ingress", () => [200, balancer({ hostname: "a.lb.example.com" })]);
    assert.deepEqual(await named.address, { host: "a.lb.example.com" });
    assert.equal(named.api.seen[0]?.url, "/apis/networking.k8s.io/v1/namespaces/ns/ingresses/iris");
  });

  it("of a Route is the host that a router admits, though another refuses it", async () => {
    const { address, api } = await wait("Route", (_, count) => [
      200,
      count < 3 ? {} : route({ ...admitted("False"), host: "other" }, admitted("True")),
    ]);
    assert.deepEqual(await address, {
      host: "iris-ns.apps.example.com",
      address: "router.apps.example.com",
    });
    assert.equal(api.seen[0]?.url, "/apis/route.openshift.io/v1/namespaces/ns/routes/iris");
  });

  it("is the reserved one, not the old one that is about to go", async () => {
    const answer: Answer = (_, count) => [
      200,
      balancer({ ip: count < 5 ? "192.0.2.7" : "192.0.2.8" }),
    ];
    const { address } = await wait("Service", answer, "192.0.2.8");
    assert.deepEqual(await address, { host: "192.0.2.8" });
    const other: Answer = () => [200, balancer({ ip: "192.0.2.8" })];
    const never = await wait("Service", other, "192.0.2.9", 200);
    await assert.rejects(never.address, /its status has 192\.0\.2\.8, not yet 192\.0\.2\.9/);
  });

  it("may be withheld: the cluster's warnings say why", async () => {
    const events = {
      items: [
        { reason: "SyncLoadBalancerFailed", message: "quota exceeded" },
        { reason: "SyncLoadBalancerFailed", message: "quota exceeded" },
      ],
    };
    const warned: Answer = ({ url }) => [200, url.includes("/events?") ? events : {}];
    const { address, api } = await wait("Service", warned, undefined, 200);
    await assert.rejects(
      address,
      /^(?=[\s\S]*service iris was given no address by its LoadBalancer)(?=[\s\S]*SyncLoadBalancerFailed: quota exceeded\n {2}fix:)/,
    );
    const { url } = api.seen.at(-1)!;
    assert.match(
      decodeURIComponent(url),
      /type=Warning,involvedObject\.kind=Service,involvedObject\.name=iris$/,
    );
  });

  it("may be refused by a router, which is told before patience ends", async () => {
    const no = { reason: "HostAlreadyClaimed", message: "route other already exposes it" };
    const refused: Answer = ({ url }) =>
      url.includes("/events?") ? [403, {}] : [200, route(admitted("False", no))];
    const { address } = await wait("Route", refused);
    await assert.rejects(address, /HostAlreadyClaimed: route other already exposes it/);
  });

  it("can't be read without the right to: told soon, with the API server's own words", async () => {
    const { address } = await wait("Service", () => [403, { message: "services is forbidden" }]);
    await assert.rejects(address, /HTTP 403 from the API server: .*services is forbidden/);
  });
});
