import assert from "node:assert/strict";
import { makeReport } from "../../../bench/serving/report";
import { measured, trial } from "./support/trials";

const conditions = {
  machine: "2 cores",
  finished: new Date("2026-01-02T03:04:05Z"),
  rounds: 3,
  seconds: 1,
  connections: 32,
  generatorRequestsPerSecond: 150_000,
};

describe("bench/serving/report", () => {
  const all = [
    measured("modelport", "iris", [
      trial(40_000, { p99: 2000, single: 110 }),
      trial(20_000, { p99: 4000, single: 160 }),
      trial(42_000, { p99: 2000, single: 120 }),
    ]),
    measured("constant", "iris", [
      trial(50_000, { p99: 1000, single: 60 }),
      trial(25_000, { p99: 2000, single: 100 }),
      trial(50_000, { p99: 1000, single: 60 }),
    ]),
    measured("mlserver", "iris", [trial(1600), trial(800), trial(1400, { errors: 2 })]),
    measured("modelport", "spam", [trial(9000), trial(9000), trial(9000)]),
    measured("flask-gunicorn", "spam", [trial(100), trial(90), trial(100)]),
  ];
  const variants = new Map([["mlserver iris", { "no batching": 1500, batching: 1600 }]]);
  const report = makeReport(all, variants, conditions, {});

  it("has the ratios by contender: round by round, then the median", () => {
    assert.deepEqual(report.ratios, { constant: 0.8, mlserver: 25 });
    assert.deepEqual(report.ratioSpread["mlserver"], { median: 25, min: 25, max: 30 });
    assert.deepEqual(report.spamRatios, { "flask-gunicorn": 90 });
  });

  it("compares latencies with the constant's in the same round", () => {
    assert.deepEqual(report.p99Ratio, { median: 2, min: 2, max: 2 });
    assert.ok(Math.abs((report.singleConnectionAbove?.median ?? NaN) - 0.06) < 1e-9);
  });

  it("says of each contender what happened, errors included", () => {
    const mlserver = report.contenders.find(({ name }) => name === "mlserver");
    assert.equal(mlserver?.errors, 2);
    assert.equal(mlserver.firstError, "request 3: status 500");
    assert.deepEqual(mlserver.variants, { "no batching": 1500, batching: 1600 });
    assert.equal(mlserver.p99Milliseconds.median, 1);
    assert.equal(mlserver.singleConnectionP50Milliseconds, undefined);
  });

  it("holds the figures against what was promised", () => {
    const of = (what: string) => report.targets.find((target) => target.what === what);
    assert.deepEqual(of("iris, requests/s"), {
      what: "iris, requests/s",
      target: "≥ 40000",
      got: 40_000,
      met: true,
    });
    assert.equal(of("iris : MLServer")?.met, true);
    assert.equal(of("start → ready")?.met, true);
    assert.equal(of("iris : Flask + gunicorn"), undefined, "was not measured");
    assert.equal(of("image, compressed"), undefined);
    const slower = makeReport(
      [measured("modelport", "iris", [trial(39_000)])],
      new Map(),
      { ...conditions, rounds: 1 },
      {},
    );
    assert.equal(slower.targets.find(({ what }) => what === "iris, requests/s")?.met, false);
  });

  it("says when the machine was busy with something else", () => {
    assert.equal(report.quiet, true);
    const crowded = measured("constant", "iris", [{ ...trial(1), coreShare: 0.4 }]);
    const own = { ...conditions, rounds: 1 };
    assert.equal(makeReport([crowded], new Map(), own, {}).quiet, false);
  });

  it("is one JSON object whose figures are numbers", () => {
    const text = JSON.stringify(report);
    const parsed = JSON.parse(text) as typeof report;
    assert.equal(parsed.finished, "2026-01-02T03:04:05.000Z");
    assert.equal(parsed.ratios["constant"], 0.8);
    assert.doesNotMatch(text, /null/);
  });
});
