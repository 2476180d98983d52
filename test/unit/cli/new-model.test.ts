import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { checkModelName } from "../../../cli/models/folders";
import { close } from "../../../cli/models/served";
import { kindOf } from "../../../cli/models/source";
import { UserError } from "../../../local/errors";
import { repositoryRoot } from "../../../local/paths";
import { modelport } from "./support/cli";
import { Sandbox } from "./support/sandbox";

describe("new-model and train refuse", function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const commands: [title: string, words: string[], told: RegExp][] = [
    ["no file", ["new-model", "mine"], /--from <file>/],
    [
      "a model that has a train.py",
      ["new-model", "iris", "--from", "model.onnx"],
      /npm run train -- iris/,
    ],
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
  for (const [title, words, told] of commands)
    it(title, async () => {
      sandbox.write("model.joblib", "\x80\x04N.");
      sandbox.write("model.onnx", "");
      const models = () => fs.readdirSync(path.join(repositoryRoot(), "app/models"));
      const before = models();
      const result = await modelport(sandbox, words, { env: { INIT_CWD: sandbox.root } });
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr.trim().replaceAll("\n", " "), told);
      assert.doesNotMatch(result.stderr, /^ {4}at /m);
      assert.deepEqual(models(), before);
    });

  const files: [title: string, file: string, made: string[], told: RegExp][] = [
    ["a file that isn't there", "nothing.onnx", [], /no such file/],
    ["a folder without a SavedModel", "empty", ["empty/readme"], /without saved_model\.pb/],
    [
      "a folder of versions",
      "all",
      ["all/3/saved_model.pb", "all/12/saved_model.pb"],
      /name one version: --from \S+\/12$/,
    ],
    ["a .keras file", "m.keras", ["m.keras"], /keras\.models\.load_model\(file\)\.export/],
    ["PyTorch weights", "m.PT", ["m.PT"], /torch\.onnx\.export/],
  ];
  for (const [title, file, made, told] of files)
    it(title, () => {
      for (const one of made) sandbox.write(one, "");
      assert.throws(
        () => kindOf(path.join(sandbox.root, file)),
        (error: unknown) => {
          assert.ok(error instanceof UserError);
          assert.equal(error.exitCode, 2);
          assert.match(`${error.message} ${error.why ?? ""} ${error.fix ?? ""}`, told);
          return true;
        },
      );
    });

  for (const [name, suggestion] of [
    ["My_Model", "my-model"],
    ["-", "my-model"],
    ["a".repeat(41), "a".repeat(40)],
  ] as const)
    it(`the name ${name}`, () =>
      assert.throws(
        () => checkModelName(name),
        (error: UserError) => error.fix === `choose another, as "${suggestion}"`,
      ));
});

it("new-model tells files apart", () => {
  const sandbox = new Sandbox();
  for (const file of ["m.onnx", "m.joblib", "m.pkl", "m", "saved/saved_model.pb"])
    sandbox.write(file, "");
  const kinds = ["m.onnx", "m.joblib", "m.pkl", "m", "saved"].map((file) =>
    kindOf(path.join(sandbox.root, file)),
  );
  sandbox.remove();
  assert.deepEqual(kinds, ["onnx", "pickle", "pickle", "pickle", "saved-model"]);
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
