import assert from "node:assert/strict";
import { runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { variedModels } from "../models";

describe("wrong bodies for the plain endpoint", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels() });
  });
  after(() => server.close());

  const predict = (body: unknown, model = "iris", headers = {}) =>
    ask(`${server.url}/predict?model=${model}`, { body, headers });

  const faults: [
    what: string,
    model: string,
    body: unknown,
    status: number,
    field: string | undefined,
    error: RegExp,
  ][] = [
    ["no instances", "iris", {}, 400, "instances", /\[\[number, …\], …\].*got nothing/],
    [
      "instances that are no list",
      "iris",
      { instances: { 0: [1, 2, 3, 4] } },
      400,
      "instances",
      /an object/,
    ],
    ["an empty list", "iris", { instances: [] }, 400, "instances", /at least one/],
    [
      "a misspelt field",
      "iris",
      { instance: [1, 2, 3, 4] },
      400,
      "instance",
      /unknown field "instance"/,
    ],
    [
      "one field too many",
      "iris",
      { instances: [[1, 2, 3, 4]], x: 1 },
      400,
      "x",
      /unknown field "x"/,
    ],
    [
      "__proto__",
      "iris",
      '{"__proto__":{},"instances":[[1,2,3,4]]}',
      400,
      "__proto__",
      /unknown field/,
    ],
    [
      "a number for an instance",
      "iris",
      { instances: [[1, 2, 3, 4], 5] },
      400,
      "instances[1]",
      /a number/,
    ],
    [
      "three features",
      "iris",
      { instances: [[1, 2, 3]] },
      400,
      "instances[0]",
      /4 numbers .*got 3/,
    ],
    [
      "five features",
      "iris",
      { instances: [[1, 2, 3, 4, 5]] },
      400,
      "instances[0]",
      /4 numbers .*got 5/,
    ],
    [
      "a text for a number",
      "iris",
      {
        instances: [
          [1, 2, 3, 4],
          [1, 2, "3", 4],
        ],
      },
      400,
      "instances[1][2]",
      /petal length.*a string/,
    ],
    [
      "null for a number",
      "iris",
      { instances: [[null, 2, 3, 4]] },
      400,
      "instances[0][0]",
      /got null/,
    ],
    [
      "true for a number",
      "iris",
      { instances: [[1, 2, 3, true]] },
      400,
      "instances[0][3]",
      /a boolean/,
    ],
    [
      "a list for a number",
      "iris",
      { instances: [[1, 2, 3, [4]]] },
      400,
      "instances[0][3]",
      /an array/,
    ],
    [
      "more than float32 holds",
      "iris",
      { instances: [[1, -1e39, 3, 4]] },
      400,
      "instances[0][1]",
      /beyond float32/,
    ],
    ["a bare instance of three", "iris", [1, 2, 3], 400, "instance", /4 numbers .*got 3/],
    ["a bare instance with null", "iris", [1, 2, 3, null], 400, "instance[3]", /got null/],
    ["an empty bare instance", "iris", [], 400, "instance", /4 numbers .*got 0/],
    ["bare instances without a name", "iris", [[1, 2, 3, 4]], 400, "instances", /need their name/],
    ["a text for a model of numbers", "iris", '"hello"', 400, undefined, /got a string/],
    [
      "named inputs for a model with one",
      "iris",
      { features: [1, 2, 3, 4] },
      400,
      "features",
      /unknown field/,
    ],
    ["a number for a text", "text", { instances: ["a", 5] }, 400, "instances[1]", /a text.*got 5/],
    ["a list for a text", "text", { instances: [["a"]] }, 400, "instances[0]", /a text.*an array/],
    [
      "bare texts without a name",
      "text",
      ["a", "b"],
      400,
      "instances",
      /need their name.*\[text, …\]/,
    ],
    ["what is no base64", "text", { instances: [{ b64: "a*" }] }, 400, "instances[0]", /base64/],
    ["base64 of no UTF-8", "text", { instances: [{ b64: "/w==" }] }, 400, "instances[0]", /base64/],
    [
      "base64 and more",
      "text",
      { instances: [{ b64: "YQ==", x: 1 }] },
      400,
      "instances[0]",
      /an object/,
    ],
    [
      "a list for named inputs",
      "several",
      { instances: [["a"]] },
      400,
      "instances[0]",
      /an object of "text", "flag".*an array/,
    ],
    [
      "a list for a bare instance",
      "several",
      ["a"],
      400,
      undefined,
      /"row": \[number, …\]\}.*an array/,
    ],
    [
      "a missing input",
      "several",
      { instances: [{ text: "a", flag: true, count: [1] }] },
      400,
      "instances[0].row",
      /"row" is missing/,
    ],
    [
      "an unknown input",
      "several",
      { text: "a", flag: true, count: [1], row: [1], x: 1 },
      400,
      "instance.x",
      /no input "x"/,
    ],
    [
      "a number for a flag",
      "several",
      { text: "a", flag: 1, count: [1], row: [1] },
      400,
      "instance.flag",
      /true or false.*got 1/,
    ],
    [
      "a fraction for a whole number",
      "several",
      { text: "a", flag: true, count: [1.5], row: [1] },
      400,
      "instance.count[0]",
      /whole number.*got 1.5/,
    ],
    [
      "a whole number of 65 bits",
      "several",
      '{"text":"a","flag":true,"count":[9223372036854775808],"row":[1]}',
      400,
      "instance.count[0]",
      /9223372036854775807 .*got 9223372036854775808/,
    ],
    [
      "a whole number that isn't exact",
      "several",
      '{"text":"a","flag":true,"count":[1e17],"row":[1]}',
      400,
      "instance.count[0]",
      /in digits/,
    ],
    [
      "an empty row",
      "several",
      { text: "a", flag: true, count: [1], row: [] },
      400,
      "instance.row",
      /one at least.*got 0/,
    ],
    [
      "rows of different lengths",
      "several",
      {
        instances: [
          { text: "a", flag: true, count: [1], row: [1] },
          { text: "a", flag: true, count: [1], row: [1, 2] },
        ],
      },
      400,
      "instances[1].row",
      /1 numbers .*got 2/,
    ],
  ];
  for (const [what, model, body, status, field, error] of faults)
    it(`${what}: ${status}${field === undefined ? "" : ` at ${field}`}`, async () => {
      const got = await predict(body, model);
      assert.equal(got.status, status, got.bytes.toString());
      assert.match(String(got.body["error"]), error);
      assert.equal(got.body["field"], field);
    });

  it("a text in another charset: 415", async () => {
    const { status } = await predict("a", "text", {
      "content-type": "text/plain; charset=latin1",
    });
    assert.equal(status, 415);
  });

  it("names from outside come back cut", async () => {
    const long = "x".repeat(3000);
    for (const body of [{ [long]: 1 }, { instances: [[1, 2, 3, long]] }])
      assert.ok((await predict(body)).bytes.length < 300);
  });
});
