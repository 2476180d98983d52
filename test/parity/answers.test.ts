import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { runServer, type RunningServer } from "../unit/app/support/server";
import { models, pythonOf, runScript, temporaryFolder } from "./support/python";
import { Random } from "./support/random";
import { amount, oddTexts } from "./support/texts";

interface Answers {
  readonly label: number[];
  readonly probabilities: number[][];
}

interface Predictions {
  readonly predictions: { readonly label: string; readonly probabilities: number[] }[];
}

const ROWS = 1000;
const LARGEST_BODY = 2 ** 26;

/** Served rows agree with the original's, in the order given; says by how much they differ. */
async function compare(
  server: RunningServer,
  model: string,
  rows: readonly unknown[],
  original: Answers,
  tolerance: number,
): Promise<{ flipped: number; difference: number }> {
  const metadata = JSON.parse(fs.readFileSync(path.join(models, model, "model.json"), "utf8")) as {
    labels: string[];
  };
  let flipped = 0;
  let difference = 0;
  for (let at = 0; at < rows.length; at += ROWS) {
    const body = JSON.stringify({ instances: rows.slice(at, at + ROWS) });
    const response = await fetch(`${server.url}/predict?model=${model}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    assert.equal(response.status, 200, await response.clone().text());
    const { predictions } = (await response.json()) as Predictions;
    predictions.forEach(({ label, probabilities }, i) => {
      if (label !== metadata.labels[original.label[at + i]!]) flipped++;
      probabilities.forEach((probability, j) => {
        const off = Math.abs(probability - original.probabilities[at + i]![j]!);
        difference = Math.max(difference, off);
        const row = JSON.stringify(rows[at + i]).slice(0, 300);
        assert.ok(off <= tolerance, `probability ${j} of row ${at + i}, ${row}, is off by ${off}`);
      });
    });
  }
  process.stdout.write(
    `      ${model}: ${rows.length} rows, ${flipped} labels differ, probabilities by at most ${difference.toExponential(1)}\n`,
  );
  return { flipped, difference };
}

describe("the server answers as the original framework", function () {
  this.timeout(600_000);
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MAX_BODY_BYTES: String(LARGEST_BODY) });
  });
  after(() => server.close());

  /** The fitted estimator, which is in no repository. */
  async function pickle(model: "iris" | "spam"): Promise<[python: string, file: string]> {
    const python = await pythonOf(model);
    const out = temporaryFolder();
    const file = path.join(out, "model.joblib");
    const script = path.join(models, model, "train.py");
    await runScript(python, [script, "--out", out, "--pickle", file]);
    return [python, file];
  }

  async function ask(python: string, words: string[], rows: readonly unknown[]): Promise<Answers> {
    const answer = await runScript(python, ["answers.py", ...words], {
      input: JSON.stringify(rows),
    });
    return JSON.parse(answer) as Answers;
  }

  it("spam: every message of the corpus, and made-up texts of all scripts", async () => {
    const [python, file] = await pickle("spam");
    const corpus = JSON.parse(await runScript(python, ["corpus_texts.py"])) as string[];
    assert.equal(corpus.length, 5574);
    const { vocabulary } = JSON.parse(
      fs.readFileSync(path.join(models, "spam/1/vectorizer.json"), "utf8"),
    ) as { vocabulary: string[] };
    const { count, seed } = amount(20_000);
    const texts = [...corpus, ...oddTexts(count, seed, vocabulary)];
    const original = await ask(python, ["pickle", file], texts);
    const { flipped } = await compare(server, "spam", texts, original, 1e-5);
    assert.equal(flipped, 0);
    assert.ok(original.label.slice(corpus.length).includes(1), "no made-up text is spam");
  });

  it("iris: every flower, and flowers between and far beyond them", async () => {
    const [python, file] = await pickle("iris");
    const golden = JSON.parse(fs.readFileSync(path.join(models, "iris/1/golden.json"), "utf8")) as {
      requests: { instance: number[] }[];
    };
    const flowers = golden.requests.map(({ instance }) => instance);
    assert.equal(flowers.length, 150);
    const random = new Random(amount(0).seed);
    const between = Array.from({ length: 5000 }, () => {
      const [one, other] = [random.oneOf(flowers), random.oneOf(flowers)];
      const share = random.chance(0.1) ? 10 * random.next() - 5 : random.next();
      return one.map((size, i) => size + share * (other[i]! - size));
    });
    const whole = await compare(
      server,
      "iris",
      flowers,
      await ask(python, ["pickle", file], flowers),
      1e-5,
    );
    assert.equal(whole.flipped, 0);
    // float32 against float64: a flower on the very border may fall to the other side.
    const made = await compare(
      server,
      "iris",
      between,
      await ask(python, ["pickle", file], between),
      1e-5,
    );
    assert.ok(made.flipped <= between.length / 1000, `${made.flipped} labels differ`);
  });

  it("and-gate: the truth table, and points all around", async () => {
    const python = await pythonOf("and-gate");
    const random = new Random(amount(0).seed);
    const points = Array.from({ length: 5000 }, () => {
      const size = random.oneOf([1, 3, 100]);
      return [
        Math.fround(size * (2 * random.next() - 1)),
        Math.fround(size * (2 * random.next() - 1)),
      ];
    });
    const rows = [[0, 0], [0, 1], [1, 0], [1, 1], ...points];
    const original = await ask(python, ["and-gate"], rows);
    assert.deepEqual(original.label.slice(0, 4), [0, 0, 0, 1]);
    const { flipped } = await compare(server, "and-gate", rows, original, 1e-6);
    assert.equal(flipped, 0);
  });
});
