import assert from "node:assert/strict";
import { prove, type Candidate, type ProveArgs } from "../../../infra/components/exposure";
import type { Proof } from "../../../infra/components/smoke";
import { makeCertificate, type TestCertificate } from "../../support/certificate";
import { CLOSED_PORT, kubeconfig, serve, type Answer, type TestServer } from "./support/balancer";

const RIGHT = { right: true };

const proof: Proof = {
  requests: [
    {
      path: "/predict",
      body: { x: 1 },
      fault: (answer) => ((answer as typeof RIGHT).right ? undefined : "wrong prediction"),
    },
  ],
  headers: {},
};

describe("proof of an address", () => {
  const servers: TestServer[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  async function serving(answer: Answer = () => [200, RIGHT], certificate?: TestCertificate) {
    const server = await serve(answer, certificate);
    servers.push(server);
    return server;
  }

  const node = (port: number, answersHere = true): Candidate => ({
    url: `http://127.0.0.1:${port}`,
    reachableFrom: "machine",
    answersHere,
  });

  const args = (settings: Partial<ProveArgs>): ProveArgs => ({
    stack: "local",
    service: "iris",
    namespace: "ns",
    exposure: "NodePort",
    proof,
    candidates: [node(CLOSED_PORT)],
    kubeconfig: kubeconfig(CLOSED_PORT),
    context: undefined,
    limits: { silentMs: 400, wrongMs: 300, pauseMs: 20, requestMs: 60_000, balancerMs: 900 },
    ...settings,
  });
  /** For what becomes right in the end, however slow the machine is. */
  const patient = (settings: Partial<ProveArgs>): ProveArgs => {
    const forever = 600_000;
    const limits = { silentMs: forever, wrongMs: forever, balancerMs: forever };
    return args({ ...settings, limits: { ...limits, pauseMs: 20, requestMs: forever } });
  };

  const INSIDE = { url: "http://iris.ns.svc.cluster.local", reachableFrom: "cluster" };

  describe("of a NodePort", () => {
    it("waits for a port that isn't open yet and an old version that still answers", async () => {
      const { port, seen } = await serving((_, count) =>
        count < 3 ? [503, {}] : [200, count < 5 ? { right: false } : RIGHT],
      );
      const address = await prove(patient({ candidates: [node(port)] }));
      assert.deepEqual(address, { url: `http://127.0.0.1:${port}`, reachableFrom: "machine" });
      assert.equal(seen.length, 5);
      assert.equal(seen[0]?.body, '{"x":1}');
    });

    it("is delayed by a rate limit, not refused: what was answered isn't asked again", async () => {
      const both: Proof = { ...proof, requests: [...proof.requests, ...proof.requests] };
      const { port, seen } = await serving((_, count) => (count === 2 ? [429, {}] : [200, RIGHT]));
      await prove(patient({ candidates: [node(port)], proof: both }));
      assert.equal(seen.length, 3);
    });

    it("fails on a wrong answer that stays, without asking elsewhere", async () => {
      const { port } = await serving(() => [200, { right: false }]);
      const api = await serving();
      await assert.rejects(
        prove(args({ candidates: [node(port, false)], kubeconfig: kubeconfig(api.port) })),
        /does not predict through its NodePort\n {2}why: .*wrong prediction[\s\S]*fix: npm run cli/,
      );
      assert.deepEqual(api.seen, []);
    });

    it("fails on silence where a NodePort must be reachable", async () => {
      const api = await serving();
      await assert.rejects(
        prove(args({ kubeconfig: kubeconfig(api.port) })),
        /does not predict[\s\S]*ECONNREFUSED/,
      );
      assert.deepEqual(api.seen, []);
    });

    it("goes through the API server where silence may be a firewall", async () => {
      const api = await serving();
      const settings = {
        candidates: [node(CLOSED_PORT, false)],
        kubeconfig: kubeconfig(api.port),
      };
      assert.deepEqual(await prove(args(settings)), INSIDE);
    });

    it("keeps the address of a VPC's node, and says from where it can be reached", async () => {
      const api = await serving();
      const vpc = { ...node(CLOSED_PORT, false), reachableFrom: "vpc" as const };
      const address = await prove(args({ candidates: [vpc], kubeconfig: kubeconfig(api.port) }));
      assert.deepEqual(address, { url: vpc.url, reachableFrom: "vpc" });
    });

    it("says both causes when neither way works", async () => {
      const api = await serving(() => [404, { reason: "NotFound" }]);
      const settings = {
        candidates: [node(CLOSED_PORT, false)],
        kubeconfig: kubeconfig(api.port),
      };
      await assert.rejects(
        prove(args(settings)),
        /ECONNREFUSED[\s\S]*API server's proxy: HTTP 404/,
      );
    });
  });

  it("proves a ClusterIP from inside, by the Service's own path", async () => {
    const api = await serving();
    const settings = { exposure: "ClusterIP", kubeconfig: kubeconfig(api.port) } as const;
    assert.deepEqual(await prove(args({ ...settings, candidates: [] })), INSIDE);
    assert.deepEqual(
      api.seen.map(({ url }) => url),
      ["/api/v1/namespaces/ns/services/http:iris:http/proxy/predict"],
    );
  });

  describe("of a balancer", () => {
    it("waits while the balancer answers in the service's place", async () => {
      const { port, seen } = await serving((_, count) =>
        count < 20 ? [count % 2 === 0 ? 404 : 502, {}] : [200, RIGHT],
      );
      const address = await prove(patient({ exposure: "Ingress", candidates: [node(port)] }));
      assert.equal(address.url, `http://127.0.0.1:${port}`);
      assert.equal(seen.length, 20);
    });

    it("fails at once on what is wrong from inside too", async () => {
      const balancer = await serving();
      const api = await serving(() => [404, {}]);
      await assert.rejects(
        prove(
          args({
            exposure: "Ingress",
            candidates: [node(balancer.port)],
            kubeconfig: kubeconfig(api.port),
          }),
        ),
        /does not predict through its Ingress\n {2}why: from inside: HTTP 404/,
      );
      assert.deepEqual(balancer.seen, []);
    });

    it("takes what the API server itself says for silence", async () => {
      const { port } = await serving();
      const no = { kind: "Status", apiVersion: "v1", message: "services is forbidden", code: 403 };
      const api = await serving(() => [403, no]);
      const settings = { exposure: "LoadBalancer", kubeconfig: kubeconfig(api.port) } as const;
      const address = await prove(args({ ...settings, candidates: [node(port)] }));
      assert.equal(address.url, `http://127.0.0.1:${port}`);
    });

    it("proves a private one from inside, and tells its address with where it is reachable", async () => {
      const api = await serving();
      const candidate = {
        url: `http://127.0.0.1:${CLOSED_PORT}`,
        reachableFrom: "vpc",
        answersHere: false,
      } as const;
      const settings = { exposure: "LoadBalancer", kubeconfig: kubeconfig(api.port) } as const;
      assert.deepEqual(await prove(args({ ...settings, candidates: [candidate] })), {
        url: candidate.url,
        reachableFrom: "vpc",
      });
    });

    it("fails on the silence of a public one, though the service runs", async () => {
      const api = await serving();
      await assert.rejects(
        prove(args({ exposure: "LoadBalancer", kubeconfig: kubeconfig(api.port) })),
        /does not predict through its LoadBalancer[\s\S]*ECONNREFUSED/,
      );
    });

    it("asks the address by the host's name where DNS doesn't know it yet, and says what to do", async () => {
      const { port, seen } = await serving();
      const candidate = {
        ...node(port),
        url: `http://iris.example.invalid:${port}`,
        address: "127.0.0.1",
      };
      const { note, url } = await prove(args({ exposure: "Ingress", candidates: [candidate] }));
      assert.equal(url, candidate.url);
      assert.equal(seen[0]?.host, `iris.example.invalid:${port}`);
      assert.match(
        note ?? "",
        /prediction went to 127\.0\.0\.1 directly; \/etc\/hosts needs a line: 127\.0\.0\.1 iris\.example\.invalid$/,
      );
    });
  });

  describe("of a host with TLS", () => {
    const own = makeCertificate(["localhost"]);
    const at = (port: number, certificate: Candidate["certificate"]): Candidate => ({
      url: `https://localhost:${port}`,
      reachableFrom: "internet",
      answersHere: true,
      ...(certificate === undefined ? {} : { certificate }),
    });

    it("trusts the certificate that the user gave, and asks for the host in the handshake", async () => {
      const { port, seen } = await serving(undefined, own);
      const candidates = [at(port, { pem: own.certificate })];
      const address = await prove(args({ exposure: "Route", candidates }));
      assert.deepEqual(address, { url: `https://localhost:${port}`, reachableFrom: "internet" });
      assert.equal(seen[0]?.servername, "localhost");
    });

    it("fails when another certificate is served than the user gave, and sends it nothing", async () => {
      const { port, seen } = await serving(undefined, makeCertificate(["localhost"]));
      const candidates = [at(port, { pem: own.certificate })];
      await assert.rejects(
        prove(args({ exposure: "Route", candidates })),
        /its certificate, for DNS:localhost, can't be trusted: DEPTH_ZERO_SELF_SIGNED_CERT/,
      );
      assert.deepEqual(seen, []);
    });

    it("doesn't fail while a managed certificate is being issued, and says so", async () => {
      const { port, seen } = await serving(undefined, own);
      const api = await serving();
      const candidates = [at(port, "managed")];
      const { note, ...address } = await prove(
        args({ exposure: "Ingress", candidates, kubeconfig: kubeconfig(api.port) }),
      );
      assert.deepEqual(address, INSIDE, "no URL is told that was not proven");
      assert.match(note ?? "", /can't be told: its certificate.*may still be being issued/);
      assert.deepEqual(seen, []);
    });

    it("doesn't wait long for a router whose certificate nobody here trusts, and says what helps", async () => {
      const { port } = await serving(undefined, own);
      const api = await serving();
      const { note, ...address } = await prove(
        args({
          exposure: "Route",
          candidates: [at(port, "router")],
          kubeconfig: kubeconfig(api.port),
          limits: { ...args({}).limits!, balancerMs: 60_000, untrustedMs: 200 },
        }),
      );
      assert.deepEqual(address, INSIDE);
      assert.match(note ?? "", /can't be trusted: .*It is the router's own: .*NODE_EXTRA_CA_CERTS/);
    });

    it("fails on a router that doesn't answer: that is no certificate's fault", async () => {
      const api = await serving();
      const candidates = [at(CLOSED_PORT, "router")];
      await assert.rejects(
        prove(args({ exposure: "Route", candidates, kubeconfig: kubeconfig(api.port) })),
        /does not predict through its Route[\s\S]*ECONNREFUSED/,
      );
    });

    it("doesn't wait for the certificate of a host that DNS doesn't know", async () => {
      const api = await serving();
      const { port } = await serving(undefined, own);
      const candidate = {
        ...at(port, "managed"),
        url: `https://iris.example.invalid:${port}`,
        address: "127.0.0.1",
      };
      const { note } = await prove(
        args({
          limits: { ...args({}).limits!, balancerMs: 60_000 },
          exposure: "Ingress",
          candidates: [candidate],
          kubeconfig: kubeconfig(api.port),
        }),
      );
      assert.match(note ?? "", /; iris\.example\.invalid needs a DNS record: A 127\.0\.0\.1$/);
    });

    it("fails when the service behind a pending certificate is wrong", async () => {
      const { port } = await serving(undefined, own);
      const api = await serving(() => [200, { right: false }]);
      await assert.rejects(
        prove(
          args({
            exposure: "Ingress",
            candidates: [at(port, "managed")],
            kubeconfig: kubeconfig(api.port),
          }),
        ),
        /from inside: wrong prediction/,
      );
    });
  });
});
