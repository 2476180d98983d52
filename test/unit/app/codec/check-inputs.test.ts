import assert from "node:assert/strict";
import { checkInputs } from "../../../../app/server/codec/check-inputs";
import type { ModelMetadata } from "../../../../app/server/model-metadata";
import type { Tensor } from "../../../../app/server/tensor";

const metadata = {
  inputs: [
    { name: "x", datatype: "FP32", shape: [-1, 2] },
    { name: "n", datatype: "INT64", shape: [-1, -1] },
    { name: "b", datatype: "BOOL", shape: [-1] },
  ],
} as unknown as ModelMetadata;

const x: Tensor = { name: "x", datatype: "FP32", shape: [2, 2], data: new Float32Array(4) };
const n: Tensor = { name: "n", datatype: "INT64", shape: [2, 3], data: new BigInt64Array(6) };
const b: Tensor = { name: "b", datatype: "BOOL", shape: [2], data: new Uint8Array([0, 1]) };

describe("input check", () => {
  it("takes each input once, in any order", () => {
    checkInputs(metadata, [x, n, b], 2);
    checkInputs(metadata, [b, x, { ...n, shape: [2, 1], data: new BigInt64Array(2) }], 2);
  });

  const faults: [
    what: string,
    tensors: Tensor[],
    status: number,
    field: string,
    message: RegExp,
  ][] = [
    ["a missing one", [x, n], 400, "inputs", /"b" is missing/],
    ["none at all", [], 400, "inputs", /"x" is missing/],
    [
      "an unknown one",
      [x, n, b, { ...b, name: "c" }],
      400,
      "inputs[3].name",
      /no input "c"; the model takes "x", "n", "b"/,
    ],
    ["one twice", [x, n, b, x], 400, "inputs[3].name", /"x" is there twice/],
    [
      "another datatype",
      [{ ...x, datatype: "FP64" }, n, b],
      400,
      "inputs[0].datatype",
      /FP32 is needed, got "FP64"/,
    ],
    [
      "another width",
      [{ ...x, shape: [2, 3], data: new Float32Array(6) }, n, b],
      400,
      "inputs[0].shape",
      /\[-1,2\].*got \[2,3\]/,
    ],
    [
      "an open dimension of 0",
      [x, { ...n, shape: [2, 0], data: new BigInt64Array(0) }, b],
      400,
      "inputs[1].shape",
      /\[-1,-1\]/,
    ],
    [
      "no rows",
      [{ ...x, shape: [0, 2], data: new Float32Array(0) }, n, b],
      400,
      "inputs[0].shape",
      /from 1, got \[0,2\]/,
    ],
    [
      "other rows than the first",
      [x, { ...n, shape: [1, 3], data: new BigInt64Array(3) }, b],
      400,
      "inputs[1].shape[0]",
      /"x" has 2, "n" 1/,
    ],
    [
      "too many rows",
      [{ ...x, shape: [3, 2], data: new Float32Array(6) }, n, b],
      413,
      "inputs[0].shape[0]",
      /at most 2 rows.*got 3/,
    ],
    [
      "too few elements",
      [{ ...x, data: new Float32Array(3) }, n, b],
      400,
      "inputs[0].data",
      /4 elements.*got 3/,
    ],
    [
      "NaN",
      [{ ...x, data: new Float32Array([0, 0, 0, NaN]) }, n, b],
      400,
      "inputs[0].data[3]",
      /finite number is needed, got NaN/,
    ],
    [
      "infinity",
      [{ ...x, data: new Float32Array([-Infinity, 0, 0, 0]) }, n, b],
      400,
      "inputs[0].data[0]",
      /got -Infinity/,
    ],
    [
      "a flag of 2",
      [x, n, { ...b, data: new Uint8Array([1, 2]) }],
      400,
      "inputs[2].data[1]",
      /0 or 1 is needed, got 2/,
    ],
  ];
  for (const [what, tensors, status, field, message] of faults)
    it(`refuses ${what}: ${status} at ${field}`, () =>
      assert.throws(() => checkInputs(metadata, tensors, 2), { status, field, message }));
});
