import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { expectedAddress, prove, type ProveArgs } from "../../../infra/components/exposure";
import {
  goldenProof,
  ownProof,
  tryRequest,
  type GoldenProofArgs,
  type Proof,
} from "../../../infra/components/smoke";
import type { Golden } from "../../../infra/models";

const GOLDEN: Golden = {
  model: "iris",
  version: "2",
  tolerance: 1e-5,
  requests: [
    { instance: [5.1, 3.5], prediction: { label: "setosa", probabilities: [0.9, 0.1] } },
    { instance: [6.3, 3.3], prediction: { label: "virginica", probabilities: [0.2, 0.8] } },
  ],
};

/** A service of this model alone. */
const proofOf = (golden: Golden, settings: Partial<GoldenProofArgs> = {}): Proof =>
  goldenProof({
    models: [{ name: golden.model, versions: [{ version: golden.version, files: {}, golden }] }],
    defaultModel: golden.model,
    ...settings,
  });

const only = ({ requests }: Proof) => {
  assert.equal(requests.length, 1);
  return requests[0]!;
};

const right = () => ({
  model: "iris",
  version: "2",
  predictions: [
    { label: "setosa", probabilities: [0.900001, 0.099999] },
    { label: "virginica", probabilities: [0.2, 0.8] },
  ],
});

describe("golden answers", () => {
  const fault = (change: (answer: ReturnType<typeof right>) => unknown) => {
    const answer = right();
    const changed = change(answer);
    return only(proofOf(GOLDEN)).fault(changed ?? answer);
  };

  it("agree within the tolerance", () =>
    assert.equal(
      fault(() => undefined),
      undefined,
    ));

  const wrong: [string, (answer: ReturnType<typeof right>) => unknown, RegExp][] = [
    ["another version", (a) => void (a.version = "1"), /version 2 expected, "iris" version "1"/],
    ["another model", (a) => void (a.model = "spam"), /model iris version 2 expected, "spam"/],
    [
      "a label",
      (a) => void (a.predictions[1]!.label = "setosa"),
      /for \[6\.3,3\.3\] the answer is/,
    ],
    ["a probability", (a) => void (a.predictions[0]!.probabilities[0] = 0.91), /for \[5\.1,3\.5\]/],
    [
      "not a number",
      (a) => void (a.predictions[0]!.probabilities = [NaN, 0.1]),
      /for \[5\.1,3\.5\]/,
    ],
    ["no number", (a) => void ((a.predictions[0]!.probabilities as unknown[])[0] = "0.9"), /for/],
    ["a number more", (a) => void a.predictions[0]!.probabilities.push(0), /for \[5\.1,3\.5\]/],
    ["an output more", (a) => void Object.assign(a.predictions[0]!, { x: 1 }), /for \[5\.1,3\.5\]/],
    ["too few", (a) => void a.predictions.pop(), /2 predictions expected/],
    ["text", () => "hello", /model iris version 2 expected, nothing/],
  ];
  for (const [title, change, why] of wrong)
    it(`differ: ${title}`, () => assert.match(fault(change) ?? "no fault", why));

  it("go in one body, below the server's limits", () => {
    const rows = (proof: Proof) => (only(proof).body as { instances: unknown[] }).instances.length;
    const many = { ...GOLDEN, requests: Array.from({ length: 5000 }, () => GOLDEN.requests[0]!) };
    assert.equal(rows(proofOf(many)), 512);
    assert.equal(rows(proofOf(many, { maxRows: 1 })), 1);
    const wide = { instance: "é".repeat(8000), prediction: GOLDEN.requests[0]!.prediction };
    const big = { ...GOLDEN, requests: [wide, wide, wide, wide] };
    assert.equal(rows(proofOf(big)), 2);
    assert.equal(rows(proofOf(big, { maxBodyBytes: 1024 })), 1);
  });

  it("of models that are no classifiers are compared output by output", () => {
    const golden: Golden = {
      ...GOLDEN,
      requests: [
        { instance: 1, prediction: { sum: [[1.5, 2]], text: "a", flag: true, none: null } },
      ],
    };
    const answer = (prediction: unknown) => ({
      model: "iris",
      version: "2",
      predictions: [prediction],
    });
    const proof = only(proofOf(golden));
    const fault = (got: unknown) => proof.fault(got);
    assert.equal(
      fault(answer({ flag: true, sum: [[1.500001, 2]], none: null, text: "a" })),
      undefined,
    );
    for (const [key, value] of Object.entries({
      sum: [[1.6, 2]],
      text: "b",
      flag: 1,
      none: 0,
    }))
      assert.match(
        fault(answer({ ...golden.requests[0]!.prediction, [key]: value })) ?? "no fault",
        /golden\.json says/,
        key,
      );
    assert.match(
      fault(answer({ ...golden.requests[0]!.prediction, sum: { 0: [1.5, 2] } })) ?? "no fault",
      /golden\.json says/,
    );
  });

  it("prove every version of every model, what a plain request gets first", () => {
    const versions = ["1", "2"].map((version) => ({
      version,
      files: {},
      golden: { ...GOLDEN, version },
    }));
    const spam = { version: "7", files: {}, golden: { ...GOLDEN, model: "spam", version: "7" } };
    const { requests, headers } = goldenProof({
      models: [
        { name: "spam", versions: [spam] },
        { name: "iris", versions },
      ],
      defaultModel: "iris",
      apiKey: "a-key",
    });
    assert.deepEqual(
      requests.map(({ path }) => path),
      ["/predict", "/predict?model=spam&version=7", "/predict?model=iris&version=1", "/predict"],
    );
    assert.deepEqual(headers, { "x-api-key": "a-key" });
    assert.deepEqual(
      requests.map(({ refused }) => refused),
      [undefined, undefined, undefined, true],
      "and that nobody is answered without a key",
    );
  });
});

describe("an own container's answer", () => {
  const request = { path: "/score", body: {} };
  it("may be anything, or must contain what is expected", () => {
    assert.equal(only(ownProof(request)).fault({ any: 1 }), undefined);
    const proof = only(ownProof({ ...request, expect: { a: { b: [1] } } }));
    assert.equal(proof.fault({ a: { b: [1], c: 2 }, d: 3 }), undefined);
    assert.match(proof.fault({ a: { b: [1, 2] } }) ?? "", /expected, got/);
    assert.match(proof.fault(null) ?? "", /expected, got null/);
  });
});

describe("one try", () => {
  const proof = only(ownProof({ path: "/predict", body: { x: 1 } }));
  it("tells silence from a wrong answer", async () => {
    const silent = await tryRequest(proof, {}, () =>
      Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })),
    );
    assert.deepEqual(silent, { answered: false, why: "connect ECONNREFUSED" });
    const answers = [
      [{ status: 503, text: "overloaded\n" }, /^HTTP 503: overloaded$/],
      [{ status: 200, text: "<html>" }, /^not JSON: <html>$/],
    ] as const;
    for (const [answer, why] of answers) {
      const failure = await tryRequest(proof, {}, () => Promise.resolve(answer));
      assert.equal(failure?.answered, true);
      assert.match(failure.why, why);
    }
  });
});

describe("a request without an API key", () => {
  const closed = proofOf(GOLDEN, { apiKey: "a-key" }).requests.at(-1)!;
  it("must be refused, and for want of the key", async () => {
    const sent: unknown[] = [];
    const answer = (status: number) =>
      tryRequest(closed, { "x-api-key": "a-key" }, (_path, _body, headers) => {
        sent.push(headers);
        return Promise.resolve({ status, text: JSON.stringify(right()) });
      });
    assert.equal(await answer(401), undefined);
    for (const status of [200, 503])
      assert.deepEqual(await answer(status), {
        answered: true,
        why: `HTTP ${status} without an API key, 401 expected`,
      });
    assert.deepEqual(sent, [{}, {}, {}]);
  });
});

describe("proof of an address", () => {
  const servers: http.Server[] = [];
  after(() => servers.forEach((server) => server.close()));

  /** A server that answers by path to who sends the key; counts its requests. */
  async function serve(answer: (url: string, count: number) => [number, unknown]) {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      request.resume();
      seen.push(request.url ?? "");
      const known = request.headers["x-api-key"] === "a-key";
      const [status, body] = known ? answer(request.url ?? "", seen.length) : [401, {}];
      response.writeHead(status, { connection: "close" }).end(JSON.stringify(body));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as AddressInfo).port, seen };
  }

  const kubeconfig = (port: number) =>
    JSON.stringify({
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: { token: "t" } }],
    });

  const CLOSED = 64_999;
  const withKey = proofOf(GOLDEN, { apiKey: "a-key" });
  const proof: Proof = { ...withKey, requests: withKey.requests.slice(0, 1) };
  const args = (settings: Partial<ProveArgs>): ProveArgs => ({
    stack: "local",
    service: "iris",
    namespace: "ns",
    exposure: "NodePort",
    proof,
    nodePort: CLOSED,
    nodeAddresses: [{ host: "127.0.0.1", reachableFrom: "machine" }],
    nodePortsReachable: true,
    kubeconfig: kubeconfig(CLOSED),
    context: undefined,
    limits: { silentMs: 400, wrongMs: 300, pauseMs: 20, requestMs: 500 },
    ...settings,
  });

  it("waits for a port that isn't open yet and an old version that still answers", async () => {
    const old = { ...right(), version: "1" };
    const { port, seen } = await serve((_, count) =>
      count < 3 ? [503, {}] : [200, count < 5 ? old : right()],
    );
    const address = await prove(args({ nodePort: port }));
    assert.deepEqual(address, { url: `http://127.0.0.1:${port}`, reachableFrom: "machine" });
    assert.equal(seen.length, 5);
  });

  it("is delayed by a rate limit, not refused: what was answered isn't asked again", async () => {
    const both: Proof = { ...proof, requests: [...proof.requests, ...proof.requests] };
    const { port, seen } = await serve((_, count) => (count === 2 ? [429, {}] : [200, right()]));
    await prove(args({ nodePort: port, proof: both }));
    assert.equal(seen.length, 3);
  });

  it("fails on a wrong answer that stays, without asking elsewhere", async () => {
    const { port } = await serve(() => [200, { ...right(), version: "1" }]);
    const api = await serve(() => [200, right()]);
    await assert.rejects(
      prove(args({ nodePort: port, kubeconfig: kubeconfig(api.port), nodePortsReachable: false })),
      /does not predict through its NodePort\n {2}why: .*version 2 expected, "iris" version "1"[\s\S]*fix: npm run cli/,
    );
    assert.deepEqual(api.seen, []);
  });

  it("fails on silence where a NodePort must be reachable", async () => {
    const api = await serve(() => [200, right()]);
    await assert.rejects(
      prove(args({ kubeconfig: kubeconfig(api.port) })),
      /does not predict[\s\S]*ECONNREFUSED/,
    );
    assert.deepEqual(api.seen, []);
  });

  it("goes through the API server where silence may be a firewall", async () => {
    const api = await serve(() => [200, right()]);
    const address = await prove(
      args({ kubeconfig: kubeconfig(api.port), nodePortsReachable: false }),
    );
    assert.deepEqual(address, {
      url: "http://iris.ns.svc.cluster.local",
      reachableFrom: "cluster",
    });
  });

  it("proves a ClusterIP from inside, by the Service's own path", async () => {
    const api = await serve(() => [200, right()]);
    const { reachableFrom } = await prove(
      args({ exposure: "ClusterIP", nodePort: undefined, kubeconfig: kubeconfig(api.port) }),
    );
    assert.equal(reachableFrom, "cluster");
    assert.deepEqual(api.seen, ["/api/v1/namespaces/ns/services/http:iris:http/proxy/predict"]);
  });

  it("says both causes when neither way works", async () => {
    const api = await serve(() => [404, { reason: "NotFound" }]);
    await assert.rejects(
      prove(args({ kubeconfig: kubeconfig(api.port), nodePortsReachable: false })),
      /ECONNREFUSED[\s\S]*API server's proxy: HTTP 404/,
    );
  });

  it("asks nobody in a preview", () => {
    assert.deepEqual(expectedAddress(args({ nodePort: 30000 })), {
      url: "http://127.0.0.1:30000",
      reachableFrom: "machine",
    });
    assert.equal(expectedAddress(args({ nodePort: undefined })), undefined);
    assert.equal(
      expectedAddress(args({ exposure: "ClusterIP", nodePort: undefined }))?.reachableFrom,
      "cluster",
    );
  });
});
