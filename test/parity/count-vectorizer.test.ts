import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { createVectorizer } from "../../app/server/text/vectorizer";
import { pythonOf, runScript, temporaryFolder } from "./support/python";
import { amount, oddTexts } from "./support/texts";

const WORDS = ["free", "call", "now", "win", "prize", "txt", "the", "you", "to", "ok", "a", "i"];

/** What CountVectorizer can be told, and what the vocabulary is made of. */
const CASES: [title: string, options: Record<string, unknown>, share: number][] = [
  ["as it comes", {}, 1],
  ["cases kept apart", { lowercase: false }, 0.2],
  ["terms of one to three tokens", { ngram_range: [1, 3], max_features: 20000 }, 0.2],
  ["pairs alone, each once", { ngram_range: [2, 2], binary: true }, 0.2],
  ["stop words, with pairs over the gaps", { stop_words: "english", ngram_range: [1, 2] }, 0.2],
  ["tokens of one character", { token_pattern: "(?u)\\b\\w+\\b" }, 0.2],
  ["tokens of three characters or more", { token_pattern: "\\w{3,}" }, 0.2],
  ["a class of characters", { token_pattern: "[^\\W\\d_]+" }, 0.2],
  ["everything but spaces", { token_pattern: "[^\\s]+", binary: true }, 0.2],
  ["everything but commas", { token_pattern: "[^,]+" }, 0.05],
  ["frequent terms only", { min_df: 3, max_features: 500 }, 0.2],
];

describe("the vectorizer counts as scikit-learn's CountVectorizer", function () {
  this.timeout(600_000);
  let python: string;
  before(async () => (python = await pythonOf("spam")));

  for (const [title, options, share] of CASES)
    it(title, async () => {
      const { count, seed } = amount(20_000);
      const texts = oddTexts(Math.ceil(count * share), seed, WORDS);
      const out = temporaryFolder();
      // Every other text is in the vocabulary, tokens of every script with it; the rest have tokens it never saw.
      const fit = texts.filter((_, i) => i % 2 === 0);
      const input = JSON.stringify({ options, fit, texts, out });
      await runScript(python, ["counts.py"], { input });
      const read = (name: string): unknown =>
        JSON.parse(fs.readFileSync(path.join(out, name), "utf8"));
      const vectorizer = createVectorizer(read("vectorizer.json"));
      const expected = read("counts.json") as number[][];
      const row = new Float32Array(vectorizer.width);
      let counted = 0;
      texts.forEach((text, i) => {
        vectorizer.count([text], row);
        const wanted = expected[i]!;
        counted += wanted.length / 2;
        let occurring = 0;
        for (const number of row) if (number !== 0) occurring++;
        const told = () => `text ${i} (seed ${seed}): ${JSON.stringify(text.slice(0, 300))}`;
        assert.equal(occurring, wanted.length / 2, `other terms than expected in ${told()}`);
        for (let at = 0; at < wanted.length; at += 2)
          assert.equal(row[wanted[at]!], wanted[at + 1], `column ${wanted[at]} of ${told()}`);
      });
      assert.ok(counted > texts.length / 4, "hardly anything was counted");
    });
});
