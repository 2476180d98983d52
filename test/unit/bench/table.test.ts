import assert from "node:assert/strict";
import { makeReport } from "../../../bench/serving/report";
import { figure, markdown, reportTables } from "../../../bench/serving/table";
import { measured, trial } from "./support/trials";

describe("bench/serving/table", () => {
  it("shows as many digits as mean something", () => {
    assert.deepEqual([41_234.6, 123.4, 25.04, 2.345, 0.0612].map(figure), [
      "41,235",
      "123",
      "25.0",
      "2.35",
      "0.061",
    ]);
  });

  it("aligns columns", () => {
    assert.equal(
      markdown([
        ["a", "long head"],
        ["value", "b"],
      ]),
      "| a     | long head |\n| ----- | --------- |\n| value | b         |",
    );
  });

  it("shows ratios with their spread, errors and missed promises", () => {
    const report = makeReport(
      [
        measured("modelport", "iris", [trial(30_000), trial(30_000)]),
        measured("mlserver", "iris", [trial(1000), trial(1500, { errors: 1 })]),
      ],
      new Map(),
      {
        machine: "2 cores",
        finished: new Date(0),
        rounds: 2,
        seconds: 1,
        connections: 32,
        generatorRequestsPerSecond: 150_000,
      },
      {},
    );
    const text = reportTables(report);
    assert.match(text, /\| mlserver & co .*\| 25\.0 \(20\.0–30\.0\) × .*\| 1 +\|/);
    assert.match(text, /\| iris, requests\/s .*≥ 40000 .*30,000 .*NO/);
  });
});
