import assert from "node:assert/strict";
import { runSteps, table } from "../../e2e/support/report";

describe("the report of a journey", () => {
  const step = (name: string, run = () => Promise.resolve()) => ({ name, run });

  it("ends at the first step that fails, with what it said", async () => {
    const lines: string[] = [];
    const broken = step("up", () => Promise.reject(new Error("quota exceeded")));
    const timings = await runSteps("gke", [step("before"), broken, step("down")], (line) =>
      lines.push(line),
    );
    assert.deepEqual(
      timings.map(({ step: name, passed }) => [name, passed]),
      [
        ["before", true],
        ["up", false],
      ],
    );
    assert.equal(lines.at(-1), "quota exceeded");
    assert.match(table(timings), /gke +up +[\d.]+ s +FAILED\ngke +in all +[\d.]+ s +FAILED/);
  });

  it("has a row a step and a sum", () => {
    const timings = [1.24, 2].map((seconds, index) => ({
      target: "iks",
      step: `step ${index}`,
      seconds,
      passed: true,
    }));
    assert.deepEqual(
      table(timings)
        .split("\n")
        .map((line) => line.replaceAll(/ +/g, " ")),
      ["iks step 0 1.2 s ok", "iks step 1 2.0 s ok", "iks in all 3.2 s ok"],
    );
  });
});
