import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { loadEvaluator, type Evaluator } from "../../../app/server/evaluator";
import { parseModelMetadata } from "../../../app/server/model-metadata";
import { readGolden, shippedModels } from "./support/models";

describe("evaluator", () => {
  const read = (file: string) => readFileSync(path.join(shippedModels, "iris", file));
  const metadata = parseModelMetadata(read("model.json").toString());
  const golden = readGolden(shippedModels);
  const rows = golden.requests.map(({ instance }) => instance);
  let evaluator: Evaluator;
  beforeEach(async () => {
    evaluator = await loadEvaluator(read("1/model.onnx"), metadata);
  });
  afterEach(() => evaluator.close());

  it("joins what one turn brings into one run, each with its own rows", async () => {
    const answers = await Promise.all(rows.map((row) => evaluator.evaluate([row])));
    assert.equal(new Set(answers.map(({ probabilities }) => probabilities)).size, 1);
    answers.forEach(({ labels, offset, rows: count }, i) => {
      assert.equal(count, 1);
      const label = metadata.labels[Number(labels[offset])];
      assert.equal(label, golden.requests[i]!.prediction.label);
    });
  });

  it("keeps requests of several rows together", async () => {
    const answers = await Promise.all([
      evaluator.evaluate(rows.slice(0, 3)),
      evaluator.evaluate(rows.slice(60, 61)),
      evaluator.evaluate(rows.slice(120, 122)),
    ]);
    const windows = answers.map(({ offset, rows: count }) => [offset, count]);
    assert.deepEqual(windows, [
      [0, 3],
      [3, 1],
      [4, 2],
    ]);
  });

  it("runs 1024 rows at most at once, unless one request alone has more", async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => rows[i % 150]!);
    const answers = await Promise.all(
      [600, 424, 1, 3000, 10].map((n) => evaluator.evaluate(many(n))),
    );
    const runs = answers.map(({ labels }) => labels.length);
    assert.deepEqual(runs, [1024, 1024, 1, 3000, 10]);
  });

  it("takes what arrives during a run with the next one", async () => {
    const first = evaluator.evaluate([rows[0]!]);
    const later = first.then(() => evaluator.evaluate([rows[149]!]));
    const label = async (answer: typeof first) =>
      Number((await answer).labels[(await answer).offset]);
    assert.equal(await label(first), 0);
    assert.equal(await label(later), 2);
  });

  it("tells every request of a failed run, and goes on after it", async () => {
    const bad = [["text"]] as unknown as number[][];
    const wide = [Array.from({ length: 9 }, () => 1)];
    const outcomes = await Promise.allSettled([evaluator.evaluate(wide), evaluator.evaluate(bad)]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    const { labels, offset } = await evaluator.evaluate([rows[0]!]);
    assert.equal(Number(labels[offset]), 0);
  });
});
