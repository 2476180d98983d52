import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseModelMetadata } from "../../../app/server/model-metadata";
import { shippedModels } from "./support/models";

const sum = "0".repeat(64);
const text = { name: "text", datatype: "BYTES", shape: [-1] };
const numbers = { name: "x", datatype: "FP32", shape: [-1, 2] };
const probabilities = { name: "probabilities", datatype: "FP32", shape: [-1, 2] };

/** As little as a model.json may say. */
const least = {
  name: "m",
  title: "M",
  description: "does m",
  framework: { name: "f", version: "1" },
  inputs: [numbers],
  outputs: [{ name: "y", datatype: "FP64", shape: [-1] }],
  examples: [{ title: "one", instance: [1, 2] }],
  versions: { "1": { files: { "model.onnx": sum } } },
};
const parse = (change: object) => parseModelMetadata(JSON.stringify({ ...least, ...change }));

describe("model.json", () => {
  it("of every shipped model is right", () => {
    for (const name of ["iris", "spam", "and-gate"])
      assert.equal(
        parseModelMetadata(readFileSync(`${shippedModels}/${name}/model.json`, "utf8")).name,
        name,
      );
  });

  it("needs neither labels nor features nor a vectorizer nor an evaluation", () => {
    assert.deepEqual(parse({}), least);
  });

  it("may have several inputs and outputs of any datatype", () => {
    const several = {
      inputs: [text, { name: "flags", datatype: "BOOL", shape: [-1, -1] }],
      outputs: [
        { name: "a", datatype: "UINT64", shape: [-1, 3, 3] },
        { name: "b", datatype: "BYTES", shape: [-1] },
      ],
      examples: [{ title: "one", instance: { text: "x", flags: [true, false] } }],
    };
    assert.deepEqual(parse(several), { ...least, ...several });
  });

  it("may describe a text classifier with everything that is optional", () => {
    const all = {
      inputs: [text],
      outputs: [{ name: "label", datatype: "INT64", shape: [-1] }, probabilities],
      labels: ["ham", "spam"],
      vectorizer: { input: "text", graphInput: "counts" },
      examples: [{ title: "one", instance: "hello" }],
      versions: {
        "12": {
          files: { "model.onnx": sum, "vectorizer.json": sum, "variables/variables.index": sum },
          trainedOn: "made up",
          evaluation: { metric: "r2", score: -0.5, trainingScore: 1, testRows: 1, trainingRows: 2 },
          parameters: { a: 1, b: "c", d: true },
        },
      },
    };
    assert.deepEqual(parse(all), { ...least, ...all });
  });

  const faults: [what: string, change: object, message: string | RegExp][] = [
    ["an unknown field", { titel: "x" }, /Unrecognized key: "titel"/],
    ["a missing field", { title: undefined }, /^model\.json: title: /],
    ["a name that is no folder's", { name: "A b" }, /name: lower-case letters, digits and dashes/],
    ["no input", { inputs: [] }, /^model\.json: inputs\.0: /],
    ["no output", { outputs: [] }, /^model\.json: outputs\.0: /],
    ["no example", { examples: [] }, /^model\.json: examples: /],
    ["no version", { versions: {} }, /versions: at least one version/],
    ["a version that is no number", { versions: { v1: least.versions["1"] } }, /whole number/],
    [
      "an unknown datatype",
      { inputs: [{ ...numbers, datatype: "FP16" }] },
      /inputs\.0\.datatype: /,
    ],
    [
      "a fixed number of rows",
      { inputs: [{ ...numbers, shape: [1, 2] }] },
      /inputs\.0\.shape\.0: /,
    ],
    ["a dimension of zero", { inputs: [{ ...numbers, shape: [-1, 0] }] }, /inputs\.0\.shape\.1: /],
    [
      "a name there twice",
      { outputs: [least.outputs[0], least.outputs[0]] },
      'model.json: outputs.1.name: "y" is there twice',
    ],
    [
      "fewer features than numbers",
      { inputs: [{ ...numbers, features: ["a"] }] },
      "model.json: inputs.0.features: 2 expected, got 1",
    ],
    [
      "features of a text",
      { inputs: [{ ...text, features: ["a"] }], examples: [{ title: "t", instance: "x" }] },
      "model.json: inputs.0.features: only for the one input of a model, FP32 [-1, n]",
    ],
    [
      "labels without probabilities",
      { labels: ["a", "b"] },
      'model.json: outputs: a classifier\'s output "probabilities" is needed',
    ],
    [
      "other labels than probabilities",
      { labels: ["a", "b", "c"], outputs: [probabilities] },
      "model.json: outputs.0.shape: 3 expected, got 2",
    ],
    [
      "probabilities that are whole numbers",
      { labels: ["a", "b"], outputs: [{ ...probabilities, datatype: "INT32" }] },
      "model.json: outputs.0.datatype: FP32 or FP64 expected, got INT32",
    ],
    [
      "a label that is no index",
      {
        labels: ["a", "b"],
        outputs: [probabilities, { name: "label", datatype: "BYTES", shape: [-1] }],
      },
      "model.json: outputs.1: a classifier's label is INT64 [-1], an index into labels",
    ],
    [
      "a vectorizer without text, and without its file",
      { vectorizer: { input: "x", graphInput: "counts" } },
      'model.json: vectorizer.input: no input "x" that is BYTES [-1]; ' +
        "versions.1.files: the checksum of vectorizer.json is needed",
    ],
    [
      "no checksum of the graph",
      { versions: { "1": { files: { "saved_model.pb": sum } } } },
      "model.json: versions.1.files: the checksum of model.onnx is needed",
    ],
    [
      "a checksum that is none",
      { versions: { "1": { files: { "model.onnx": "ABC" } } } },
      /versions\.1\.files\.model\.onnx: 64 lower-case hexadecimal digits/,
    ],
    [
      "an example of another width",
      { examples: [...least.examples, { title: "two", instance: [1] }] },
      "model.json: examples.1.instance: 2 expected, got 1",
    ],
  ];
  for (const [what, change, message] of faults)
    it(`with ${what} is refused, by the field's name`, () => {
      assert.throws(() => parse(change), { message });
    });

  it("names no file outside of its version", () => {
    for (const file of ["../x", "/etc/passwd", "a/../b", "a//b", ".", "a\\b", ""])
      assert.throws(
        () => parse({ versions: { "1": { files: { "model.onnx": sum, [file]: sum } } } }),
        /a path below the version/,
        file,
      );
  });

  it("that is no JSON is refused", () => {
    assert.throws(() => parseModelMetadata("{"), /^Error: model\.json is not JSON: /);
  });
});
