import assert from "node:assert/strict";
import { parseOptions, wants } from "../../../bench/serving/options";

const parse = (...argv: string[]) =>
  parseOptions(argv, () => {
    throw new Error("refused");
  });

describe("bench/serving/options", () => {
  it("measures everything in five rounds by default", () => {
    const options = parse();
    assert.equal(options.rounds, 5);
    assert.equal(options.connections, 32);
    assert.equal(options.soak, undefined);
    assert.ok(wants(options, "mlserver") && wants(options, "spam") && wants(options, "image"));
  });

  it("measures only what is named", () => {
    const options = parse("--only", "constant,mlserver", "--rounds", "2", "--seconds", "0.5");
    assert.deepEqual([options.rounds, options.seconds], [2, 0.5]);
    assert.ok(wants(options, "mlserver") && wants(options, "constant"));
    assert.ok(!wants(options, "litserve") && !wants(options, "spam"));
  });

  it("soaks for ten minutes, or as long as it is told", () => {
    assert.equal(parse("--soak").soak, 10);
    assert.equal(parse("--soak", "0.5").soak, 0.5);
  });

  for (const argv of [
    ["--rounds", "0"],
    ["--rounds", "101"],
    ["--seconds", "long"],
    ["--connections", ""],
    ["--only", "tomcat"],
    ["--soak", "-1"],
    ["--fast"],
    ["iris"],
  ])
    it(`refuses ${argv.join(" ")}`, () => {
      assert.throws(() => parse(...argv));
    });
});
