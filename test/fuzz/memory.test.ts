import assert from "node:assert/strict";
import { Memory } from "./memory";

describe("fuzz: Memory", () => {
  const sampled = (mebibytes: (cases: number) => number) => {
    const memory = new Memory();
    for (let cases = 0; cases <= 10_000; cases += 10) memory.add(cases, mebibytes(cases));
    return memory.report();
  };

  it("a warm-up is no growth", () => {
    const { warm, end, slope } = sampled((cases) => Math.min(100 + cases / 50, 150));
    assert.deepEqual([warm, end], [150, 150]);
    assert.equal(Math.abs(slope) < 1e-6, true);
  });

  it("a leak is: KiB per 1,000 cases, and from the warm-up to the end", () => {
    const { warm, end, slope, peak } = sampled((cases) => 100 + cases / 100);
    assert.ok(Math.abs(slope - 10 * 1024) < 1, `${slope}`);
    assert.ok(end - warm > 50, `${warm} to ${end}`);
    assert.equal(peak, 200);
  });
});
