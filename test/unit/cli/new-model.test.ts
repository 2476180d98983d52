import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { close } from "../../../cli/models/served";
import { repositoryRoot } from "../../../local/paths";
import { modelport } from "./support/cli";
import { Sandbox } from "./support/sandbox";

describe("new-model and train refuse", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.write("model.joblib", "\x80\x04N.");
    sandbox.write("model.onnx", "");
    sandbox.write("model.keras", "");
    sandbox.write("model.pt", "");
    sandbox.write("empty/readme", "");
    sandbox.write("versions/3/saved_model.pb", "");
    sandbox.write("versions/12/saved_model.pb", "");
  });
  afterEach(() => sandbox.remove());

  const cases: [title: string, words: string[], told: RegExp][] = [
    ["no file", ["new-model", "mine"], /--from <file>/],
    [
      "a name that is none",
      ["new-model", "My_Model", "--from", "model.onnx"],
      /lower-case letters.*"my-model"/,
    ],
    [
      "a name of a model that has a train.py",
      ["new-model", "iris", "--from", "model.onnx"],
      /npm run train -- iris/,
    ],
    ["a file that isn't there", ["new-model", "mine", "--from", "nothing.onnx"], /no such file/],
    [
      "a folder without a SavedModel",
      ["new-model", "mine", "--from", "empty"],
      /without saved_model\.pb/,
    ],
    [
      "a folder of versions",
      ["new-model", "mine", "--from", "versions"],
      /name one version: --from \S+\/12$/,
    ],
    [
      "a .keras file",
      ["new-model", "mine", "--from", "model.keras"],
      /keras\.models\.load_model\(file\)\.export/,
    ],
    ["PyTorch weights", ["new-model", "mine", "--from", "model.pt"], /torch\.onnx\.export/],
    [
      "a vectorizer beside ONNX",
      ["new-model", "mine", "--from", "model.onnx", "--vectorizer", "v.pkl"],
      /--vectorizer goes with a pickle/,
    ],
    [
      "a pickle nobody vouches for",
      ["new-model", "mine", "--from", "model.joblib"],
      /is a program: loading model\.joblib runs whatever it says.*--trust/,
    ],
    [
      "to train what isn't there",
      ["train", "rose"],
      /no folder of that name.*and-gate, iris, spam/,
    ],
    ["to train nothing", ["train"], /missing required argument 'model'/],
  ];
  for (const [title, words, told] of cases)
    it(title, async () => {
      const env = { INIT_CWD: sandbox.root };
      const result = await modelport(sandbox, words, { env });
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr.trim().replaceAll("\n", " "), told);
      assert.doesNotMatch(result.stderr, /^ {4}at /m);
      const models = fs.readdirSync(path.join(repositoryRoot(), "app/models"));
      assert.deepEqual(
        models.filter((name) => name.startsWith(".new-") || name === "mine"),
        [],
      );
    });
});

describe("served answers are compared", () => {
  const cases: [title: string, expected: unknown, got: unknown, same: boolean][] = [
    ["numbers within the tolerance", { p: [0.5, 0.25] }, { p: [0.5004, 0.25] }, true],
    ["numbers beyond it", { p: [0.5, 0.25] }, { p: [0.502, 0.25] }, false],
    ["not a number", { p: [0.5] }, { p: [null] }, false],
    ["another label", { label: "ham" }, { label: "spam" }, false],
    ["an output more", { a: 1 }, { a: 1, b: 2 }, false],
    ["another output", { a: 1 }, { b: 1 }, false],
    ["a number less", [1, 2], [1], false],
    ["an object for a list", [1], { "0": 1 }, false],
    ["nothing", { a: 1 }, undefined, false],
  ];
  for (const [title, expected, got, same] of cases)
    it(title, () => assert.equal(close(expected, got, 0.001), same));
});
