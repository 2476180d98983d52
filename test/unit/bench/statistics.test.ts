import assert from "node:assert/strict";
import fc from "fast-check";
import { fitLine, ratios, spread } from "../../../bench/serving/statistics";

describe("bench/serving/statistics", () => {
  it("takes the middle value, or the mean of the two in the middle", () => {
    assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
    assert.deepEqual(spread([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
    assert.deepEqual(spread([7]), { median: 7, min: 7, max: 7 });
  });

  it("sorts numbers as numbers and leaves its input alone", () => {
    const values = [10, 9, 100];
    assert.equal(spread(values).median, 10);
    assert.deepEqual(values, [10, 9, 100]);
  });

  it("refuses to summarise nothing, or what is no number", () => {
    assert.throws(() => spread([]), /no values/);
    assert.throws(() => spread([1, NaN]), /not all numbers are finite: 1, NaN/);
  });

  it("has half of the values on either side of the median", () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (all) => {
        const { median, min, max } = spread(all);
        assert.ok(all.filter((value) => value <= median).length * 2 >= all.length);
        assert.ok(all.filter((value) => value >= median).length * 2 >= all.length);
        assert.ok(all.every((value) => value >= min && value <= max));
      }),
    );
  });

  it("compares round by round: what disturbs a round disturbs both", () => {
    assert.deepEqual(ratios([100, 50, 80], [10, 5, 8]), [10, 10, 10]);
    assert.throws(() => ratios([1, 2], [1]), /2 rounds can't be compared with 1/);
  });

  it("finds the line that points lie on, and says how well others fit one", () => {
    const exact = fitLine([
      [1, 62],
      [10, 80],
      [50, 160],
      [100, 260],
    ]);
    assert.ok(Math.abs(exact.slope - 2) < 1e-12 && Math.abs(exact.intercept - 60) < 1e-9);
    assert.ok(Math.abs(exact.r2 - 1) < 1e-12);
    const bent = fitLine([
      [1, 1],
      [2, 4],
      [3, 9],
      [4, 16],
      [5, 0],
    ]);
    assert.ok(bent.r2 < 0.5);
    assert.throws(() => fitLine([[1, 1]]), /two points/);
  });
});
