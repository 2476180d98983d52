import assert from "node:assert/strict";
import { runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { count, flag, row, text, variedModels } from "../models";

const features = { name: "features", datatype: "FP32", shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] };

describe("wrong bodies for the Open Inference Protocol's infer", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels() });
  });
  after(() => server.close());

  const infer = (model: string, body: unknown) =>
    ask(`${server.url}/v2/models/${model}/infer`, { body });
  const without = (key: string, tensor: object) =>
    Object.fromEntries(Object.entries(tensor).filter(([name]) => name !== key));
  const faults: [what: string, model: string, body: unknown, error: RegExp][] = [
    ["an array", "text", [], /^an object is needed, got an array$/],
    ["no inputs", "text", {}, /^inputs: an array is needed, got nothing/],
    ["an empty list of inputs", "text", { inputs: [] }, /^inputs: input "text" is missing/],
    [
      "an id that is no text",
      "text",
      { id: 7, inputs: [text] },
      /^id: a text is needed, got a number/,
    ],
    [
      "parameters that are no object",
      "text",
      { inputs: [text], parameters: [] },
      /^parameters: an object/,
    ],
    [
      "an input that is no object",
      "text",
      { inputs: [5] },
      /^inputs\[0\]: an object is needed, got a number/,
    ],
    [
      "an input without a name",
      "text",
      { inputs: [without("name", text)] },
      /^inputs\[0\]\.name: a text is needed, got nothing/,
    ],
    [
      "an unknown input",
      "text",
      { inputs: [{ ...text, name: "x" }] },
      /^inputs\[0\]\.name: no input "x"; the model takes "text"/,
    ],
    [
      "an input twice",
      "text",
      { inputs: [text, text] },
      /^inputs\[1\]\.name: input "text" is there twice/,
    ],
    [
      "a missing input",
      "several",
      { inputs: [text, flag, row] },
      /^inputs: input "count" is missing/,
    ],
    [
      "no datatype",
      "text",
      { inputs: [without("datatype", text)] },
      /^inputs\[0\]\.datatype: a text/,
    ],
    [
      "another datatype",
      "iris",
      { inputs: [{ ...features, datatype: "FP16" }] },
      /^inputs\[0\]\.datatype: datatype FP32 is needed, got "FP16"/,
    ],
    [
      "no shape",
      "text",
      { inputs: [without("shape", text)] },
      /^inputs\[0\]\.shape: an array of sizes/,
    ],
    [
      "a size that is no whole number",
      "iris",
      { inputs: [{ ...features, shape: [1, 4.5] }] },
      /^inputs\[0\]\.shape\[1\]: a whole number is needed, got 4.5/,
    ],
    [
      "a negative size",
      "iris",
      { inputs: [{ ...features, shape: [-1, 4] }] },
      /^inputs\[0\]\.shape\[0\]: .*got -1/,
    ],
    [
      "no rows",
      "iris",
      { inputs: [{ ...features, shape: [0, 4], data: [] }] },
      /^inputs\[0\]\.shape: shape \[-1,4\] is needed.*got \[0,4\]/,
    ],
    [
      "another width",
      "iris",
      { inputs: [{ ...features, shape: [2, 2] }] },
      /^inputs\[0\]\.shape: .*\[2,2\]/,
    ],
    [
      "too few dimensions",
      "iris",
      { inputs: [{ ...features, shape: [4] }] },
      /^inputs\[0\]\.shape: .*\[4\]/,
    ],
    [
      "a shape of many dimensions",
      "iris",
      { inputs: [{ ...features, shape: Array(100).fill(1) }] },
      /^inputs\[0\]\.shape: .*\[1,1,1,1,1,1,1,1,…\]/,
    ],
    [
      "a shape beyond all memory",
      "several",
      { inputs: [{ ...row, shape: [1024, 2 ** 52] }] },
      /^inputs\[0\]\.data: 4\d+ elements are needed/,
    ],
    [
      "no data",
      "iris",
      { inputs: [without("data", features)] },
      /^inputs\[0\]\.data: either "data" or/,
    ],
    [
      "data that are no list",
      "iris",
      { inputs: [{ ...features, data: 5 }] },
      /^inputs\[0\]\.data: an array is needed/,
    ],
    [
      "too few data",
      "iris",
      { inputs: [{ ...features, data: [1, 2, 3] }] },
      /^inputs\[0\]\.data: 4 elements .*\[1,4\], got 3/,
    ],
    [
      "a text for a number",
      "iris",
      { inputs: [{ ...features, data: [1, 2, 3, "4"] }] },
      /^inputs\[0\]\.data\[3\]: a finite number is needed, got a string/,
    ],
    [
      "a wrong element of nested data",
      "iris",
      { inputs: [{ ...features, data: [[1, 2, null, 4]] }] },
      /^inputs\[0\]\.data\[0\]\[2\]: .*got null/,
    ],
    [
      "nested data of another shape",
      "several",
      { inputs: [{ ...row, data: [[1, 2], [3]] }] },
      /^inputs\[0\]\.data\[1\]: an array of 2 is needed, got one of 1/,
    ],
    [
      "nested and flat data mixed",
      "several",
      { inputs: [{ ...row, data: [[1, 2], 3] }] },
      /^inputs\[0\]\.data\[1\]: an array of 2 is needed, got a number/,
    ],
    [
      "more rows nested than in the shape",
      "several",
      {
        inputs: [
          {
            ...row,
            data: [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
          },
        ],
      },
      /^inputs\[0\]\.data: an array of 2 is needed, got one of 3/,
    ],
    [
      "a number for a flag",
      "several",
      { inputs: [{ ...flag, data: [1, 0] }] },
      /^inputs\[0\]\.data\[0\]: true or false/,
    ],
    [
      "different numbers of rows",
      "several",
      { inputs: [text, flag, count, { ...row, shape: [1, 4] }] },
      /^inputs\[3\]\.shape\[0\]: every input has the same number of rows: "text" has 2, "row" 1/,
    ],
    [
      "shared memory",
      "text",
      { inputs: [{ ...text, parameters: { shared_memory_region: "x" } }] },
      /^inputs\[0\]\.parameters\.shared_memory_region: shared memory is not served/,
    ],
    [
      "an unknown output",
      "text",
      { inputs: [text], outputs: [{ name: "x" }] },
      /^outputs\[0\]\.name: no output "x"; the model has "same"/,
    ],
    [
      "an output twice",
      "text",
      { inputs: [text], outputs: [{ name: "same" }, { name: "same" }] },
      /^outputs\[1\]\.name: output "same" is wanted twice/,
    ],
    [
      "an output that is no object",
      "text",
      { inputs: [text], outputs: ["same"] },
      /^outputs\[0\]: an object with a name/,
    ],
    [
      "outputs that are no list",
      "text",
      { inputs: [text], outputs: {} },
      /^outputs: an array is needed/,
    ],
    [
      "a classification",
      "text",
      { inputs: [text], outputs: [{ name: "same", parameters: { classification: 3 } }] },
      /^outputs\[0\]\.parameters\.classification: this extension is not served/,
    ],
  ];
  for (const [what, model, body, error] of faults)
    it(`${what}: 400`, async () => {
      const answer = await infer(model, body);
      assert.equal(answer.status, 400, answer.bytes.toString());
      assert.deepEqual(Object.keys(answer.body), ["error"]);
      assert.match(String(answer.body["error"]), error);
    });
});
