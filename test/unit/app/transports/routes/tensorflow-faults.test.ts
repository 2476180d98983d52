import assert from "node:assert/strict";
import { runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { variedModels } from "../models";

describe("wrong bodies for TensorFlow Serving's predict", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels() });
  });
  after(() => server.close());

  const predict = (model: string, body: unknown) =>
    ask(`${server.url}/v1/models/${model}:predict`, { body });
  const columns = { text: ["a", "ü"], flag: [true, false], count: [[7], [-8]], row: [[1], [2]] };

  const faults: [what: string, model: string, body: unknown, error: RegExp][] = [
    ["neither instances nor inputs", "iris", {}, /^either "instances" or "inputs" is needed$/],
    ["both", "iris", { instances: [[1, 2, 3, 4]], inputs: [[1, 2, 3, 4]] }, /^either/],
    ["an array", "iris", [[1, 2, 3, 4]], /^an object is needed, got an array$/],
    [
      "another signature",
      "iris",
      { signature_name: "x", instances: [] },
      /^signature_name: .*"serving_default", got "x"/,
    ],
    [
      "a signature that is no text",
      "iris",
      { signature_name: 1, instances: [] },
      /^signature_name: .*a number/,
    ],
    [
      "instances that are no list",
      "iris",
      { instances: 5 },
      /^instances: an array is needed, got a number/,
    ],
    ["no instance", "iris", { instances: [] }, /^instances: at least one/],
    ["a short row", "iris", { instances: [[1, 2, 3]] }, /^instances\[0\]: 4 numbers/],
    [
      "a text for a number",
      "iris",
      { instances: [[1, 2, 3, "4"]] },
      /^instances\[0\]\[3\]: .*a string/,
    ],
    [
      "a wrong name",
      "iris",
      { instances: [{ x: [1, 2, 3, 4] }] },
      /^instances\[0\]\.x: no input "x"/,
    ],
    [
      "rows and objects mixed",
      "iris",
      { instances: [{ features: [1, 2, 3, 4] }, [1, 2, 3, 4]] },
      /^instances\[1\]: an object of "features"/,
    ],
    [
      "objects among rows",
      "iris",
      { instances: [[1, 2, 3, 4], { features: [1, 2, 3, 4] }] },
      /^instances\[1\]: 4 numbers .*an object/,
    ],
    [
      "bare rows for several inputs",
      "several",
      { instances: [[1]] },
      /^instances\[0\]: an object of "text"/,
    ],
    [
      "a missing input",
      "several",
      { instances: [{ text: "a" }] },
      /^instances\[0\]\.flag: input "flag" is missing/,
    ],
    [
      "a bare tensor for several inputs",
      "several",
      { inputs: [1] },
      /^inputs: an object of "text"/,
    ],
    [
      "an unknown column",
      "several",
      { inputs: { ...columns, x: [1] } },
      /^inputs\.x: no input "x"/,
    ],
    [
      "b64 and more",
      "text",
      { inputs: { text: ["a"], b64: "YQ==" } },
      /^inputs\.b64: no input "b64"/,
    ],
    [
      "a missing column",
      "several",
      { inputs: { text: ["a"] } },
      /^inputs\.flag: input "flag" is missing/,
    ],
    [
      "a scalar column",
      "text",
      { inputs: "a" },
      /^inputs: an array of rows is needed, got a string/,
    ],
    ["an empty column", "text", { inputs: [] }, /^inputs: at least one row/],
    [
      "a wrong element of a column",
      "several",
      { inputs: { ...columns, flag: [true, 0] } },
      /^inputs\.flag\[1\]: true or false/,
    ],
    [
      "columns of different lengths",
      "several",
      { inputs: { ...columns, text: ["a"] } },
      /^inputs\.flag: every input has the same number of rows/,
    ],
    [
      "too deep an array",
      "iris",
      { instances: [[[1, 2, 3, 4]]] },
      /^instances\[0\]: 4 numbers .*got 1/,
    ],
    ["what is no base64", "text", { instances: [{ b64: "%" }] }, /^instances\[0\]: a text/],
  ];
  for (const [what, model, body, error] of faults)
    it(`${what}: 400`, async () => {
      const answer = await predict(model, body);
      assert.equal(answer.status, 400, answer.bytes.toString());
      assert.deepEqual(Object.keys(answer.body), ["error"]);
      assert.match(String(answer.body["error"]), error);
    });

  it("too many rows in a column: 413", async () => {
    const answer = await predict("text", { inputs: Array.from({ length: 1025 }, () => "a") });
    assert.equal(answer.status, 413);
    assert.match(
      String(answer.body["error"]),
      /^inputs: at most 1024 rows in one request, got 1025$/,
    );
  });
});
