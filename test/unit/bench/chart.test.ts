import assert from "node:assert/strict";
import { chart, escaped } from "../../../bench/serving/chart";
import { makeReport } from "../../../bench/serving/report";
import { measured, trial } from "./support/trials";

const conditions = {
  machine: "2 cores",
  finished: new Date(0),
  rounds: 2,
  seconds: 1,
  connections: 32,
  generatorRequestsPerSecond: 1,
};
const report = makeReport(
  [
    measured("modelport", "iris", [trial(40_000), trial(20_000)]),
    measured("mlserver", "iris", [trial(1500), trial(1500)]),
    measured("modelport", "spam", [trial(5000), trial(5000)]),
  ],
  new Map(),
  conditions,
  {},
);

/** Width by class of every bar. */
function bars(svg: string): { kind: string; x: number; width: number }[] {
  return [...svg.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)].map(
    ([, kind = "", x, width]) => ({ kind, x: Number(x), width: Number(width) }),
  );
}

describe("bench/serving/chart", () => {
  const svg = chart(report);

  it("draws bars to scale from zero, ours marked, each model with its own scale", () => {
    const [own, mlserver, spam] = bars(svg);
    assert.deepEqual([own?.kind, mlserver?.kind, spam?.kind], ["own", "bar", "own"]);
    assert.ok(Math.abs(own!.width / mlserver!.width - 30_000 / 1500) < 0.1);
    assert.ok(spam!.width > own!.width, "spam's bar is the longest of its panel");
  });

  it("draws the spread from least to most around the bar's end", () => {
    const [, from, to] = /class="spread" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(svg) ?? [];
    const [own] = bars(svg);
    const end = own!.x + own!.width;
    assert.ok(Number(from) < end && end < Number(to));
  });

  it("is well-formed, with names escaped and nothing out of the picture", () => {
    assert.match(svg, /mlserver &amp; co/);
    assert.doesNotMatch(svg, /NaN|undefined|& /);
    const open: string[] = [];
    for (const [tag, closing, name, , selfClosing] of svg.matchAll(
      /<(\/?)(\w+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    )) {
      if (closing === "/") assert.equal(open.pop(), name, tag);
      else if (selfClosing === "") open.push(name!);
    }
    assert.deepEqual(open, []);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    for (const [, y] of svg.matchAll(/ y="([\d.]+)"/g)) assert.ok(Number(y) < Number(height));
    for (const { x, width: length } of bars(svg)) assert.ok(x + length < Number(width));
  });

  it("has colours for light and for dark pages", () => {
    assert.match(svg, /prefers-color-scheme: dark/);
    for (const name of ["bar", "own", "ceiling", "spread"])
      assert.equal(svg.split(`.${name} {`).length, 3, `${name} twice in the style`);
  });

  it("escapes what XML gives a meaning", () => {
    assert.equal(escaped(`a<b>&"c"`), "a&lt;b&gt;&amp;&quot;c&quot;");
  });
});
