import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { copyCheckout } from "../support/checkout";
import { command, type Result } from "../support/command";
import { pythonOf, runScript, temporaryFolder } from "./support/python";

interface Metadata {
  readonly framework: { readonly name: string };
  readonly inputs: readonly { name: string; datatype: string; shape: number[] }[];
  readonly outputs: readonly { name: string }[];
  readonly labels?: readonly string[];
  readonly vectorizer?: unknown;
  readonly versions: Record<string, { parameters: Record<string, unknown> }>;
}

describe("new-model", function () {
  this.timeout(600_000);
  const files = temporaryFolder();
  let checkout: string;

  before(async () => {
    checkout = copyCheckout();
    await runScript(await pythonOf("spam"), ["own_models.py", "sklearn", files]);
    await runScript(await pythonOf("and-gate"), ["own_models.py", "tensorflow", files]);
  });
  after(() => fs.rmSync(checkout, { recursive: true, force: true }));

  const inModels = (...parts: string[]) => path.join(checkout, "app/models", ...parts);
  const metadataOf = (name: string) =>
    JSON.parse(fs.readFileSync(inModels(name, "model.json"), "utf8")) as Metadata;

  function newModel(name: string, file: string, ...options: string[]): Promise<Result> {
    const words = ["new-model", name, "--from", path.join(files, file), ...options];
    return command([process.execPath, path.join(checkout, "cli/modelport.js"), ...words], {
      cwd: checkout,
      env: { INIT_CWD: files },
    });
  }

  const converted: [
    title: string,
    file: string,
    options: string[],
    expected: Partial<Metadata>,
    extra: string[],
  ][] = [
    [
      "a classifier whose classes are numbers of its own",
      "classifier.joblib",
      ["--trust"],
      { labels: ["5", "15", "25"] },
      [],
    ],
    [
      "a regression behind a StandardScaler",
      "regression.joblib",
      ["--trust", "--title", "Diabetes"],
      { outputs: [{ name: "prediction" }] },
      [],
    ],
    [
      "a text pipeline with TfidfVectorizer, pairs, stop words and sublinear counts",
      "text.joblib",
      ["--trust"],
      { labels: ["ham", "spam"], vectorizer: { input: "text", graphInput: "counts" } },
      ["vectorizer.json"],
    ],
    [
      "a vectorizer and a forest from two pickles",
      "forest.pkl",
      ["--trust", "--vectorizer", "vectorizer.pkl"],
      { labels: ["ham", "spam"], vectorizer: { input: "text", graphInput: "counts" } },
      ["vectorizer.json"],
    ],
    [
      "a SavedModel of Keras, with labels",
      "keras",
      ["--labels", "red,green,blue"],
      { labels: ["red", "green", "blue"] },
      ["saved_model.pb", "variables"],
    ],
    ["an ONNX file", "plain.onnx", [], { outputs: [{ name: "y" }] }, []],
    [
      "an ONNX file whose probabilities are a map",
      "zip-map.onnx",
      [],
      { labels: ["class_0", "class_1", "class_2"] },
      [],
    ],
  ];
  for (const [title, file, options, expected, extra] of converted)
    it(`converts ${title}`, async () => {
      const name = file.replace(/\W/g, "-");
      const result = await newModel(name, file, ...options);
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stdout, /the server gives the original's answers to \d+ rows\n$/);
      assert.deepEqual(fs.readdirSync(inModels(name)).sort(), ["1", "model.json"]);
      const wanted = ["golden.json", "model.onnx", ...extra].sort();
      assert.deepEqual(fs.readdirSync(inModels(name, "1")).sort(), wanted);
      const metadata = metadataOf(name);
      const { outputs, ...exact } = expected;
      for (const [field, value] of Object.entries(exact))
        assert.deepEqual(metadata[field as keyof Metadata], value);
      if (outputs !== undefined)
        assert.deepEqual(
          metadata.outputs.map(({ name }) => ({ name })),
          outputs,
        );
      assert.equal(metadata.versions["1"]!.parameters["differingLabels"], 0);
    });

  const refused: [title: string, file: string, options: string[], told: RegExp][] = [
    ["a vectorizer of characters", "char.joblib", ["--trust"], /analyzer='char'.*analyzer="word"/],
    ["a model that was never trained", "untrained.joblib", ["--trust"], /not trained.*call fit/],
    [
      "a dictionary of things",
      "dictionary.joblib",
      ["--trust"],
      /holds a builtins\.dict.*Pipeline/,
    ],
    [
      "a class of somebody's script",
      "own-class.pkl",
      ["--trust"],
      /needs code that isn't there.*'Model'/,
    ],
    [
      "a classifier without probabilities",
      "no-probabilities.joblib",
      ["--trust"],
      /LinearSVC has no predict_proba.*CalibratedClassifierCV/,
    ],
    [
      "labels for other classes",
      "classifier.joblib",
      ["--trust", "--labels", "a,b"],
      /2 classes.*has 3: 5, 15, 25/,
    ],
    ["an ONNX file of one row", "one-row.onnx", [], /shape \[1, 3\].*dynamic_axes/],
    ["weights in a file of their own", "external.onnx", [], /weights\.bin.*onnx\.save/],
    ["a file that is no pickle", "plain.onnx.pkl", ["--trust"], /can't be loaded as a pickle/],
    [
      "a SavedModel of text operators",
      "strings",
      [],
      /can't (run|be converted).*computes on numbers/,
    ],
    [
      "rows that don't fit",
      "regression.joblib",
      ["--trust", "--examples", "rows.json"],
      /takes rows of 10 numbers/,
    ],
  ];
  for (const [title, file, options, told] of refused)
    it(`refuses ${title}, and leaves nothing`, async () => {
      fs.writeFileSync(path.join(files, "plain.onnx.pkl"), "no pickle");
      fs.writeFileSync(path.join(files, "rows.json"), "[[1, 2, 3]]");
      const before = fs.readdirSync(inModels());
      const result = await newModel("refused", file, ...options);
      assert.equal(result.code, 1, result.stderr);
      const [error = "", why = "", fix = ""] = result.stderr.trim().split("\n").slice(-3);
      assert.match(error, /^error: /);
      assert.match(why, /^ {2}why: /);
      assert.match(fix, /^ {2}fix: /);
      assert.match(`${error} ${why} ${fix}`, told);
      assert.deepEqual(fs.readdirSync(inModels()), before);
    });

  it("adds a version to a model that is there, if clients can go on as they are", async () => {
    assert.equal((await newModel("grows", "plain.onnx")).code, 0);
    const again = await newModel("grows", "plain.onnx");
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(Object.keys(metadataOf("grows").versions), ["1", "2"]);
    const other = await newModel("grows", "zip-map.onnx");
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /app\/models\/grows is there and is another model\n.*inputs and outputs and labels differ/,
    );
    assert.deepEqual(fs.readdirSync(inModels("grows")).sort(), ["1", "2", "model.json"]);
  });
});
