import assert from "node:assert/strict";
import {
  goldenProof,
  ownProof,
  tryRequest,
  UntrustedError,
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
  const proof = only(ownProof({ path: "/predict", body: { x: 1 }, expect: { y: 1 } }));
  it("meets a stranger, and tells so", async () => {
    const stranger = await tryRequest(proof, {}, () =>
      Promise.reject(new UntrustedError("its certificate can't be trusted")),
    );
    assert.deepEqual(stranger, {
      answered: false,
      why: "its certificate can't be trusted",
      untrusted: true,
    });
  });

  it("takes any 2xx answer where none is expected: text, or nothing at all", async () => {
    const any = only(ownProof({ path: "/predict", body: {} }));
    for (const [status, text] of [
      [200, "setosa\n"],
      [204, ""],
      [201, "{}"],
    ] as const)
      assert.equal(await tryRequest(any, {}, () => Promise.resolve({ status, text })), undefined);
    const failure = await tryRequest(any, {}, () => Promise.resolve({ status: 500, text: "no" }));
    assert.equal(failure?.why, "HTTP 500: no");
  });

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
