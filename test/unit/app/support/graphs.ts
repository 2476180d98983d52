/** Models that do one thing each: their graph and the part of model.json that describes it. */
import type { GraphMetadata } from "../../../../app/server/evaluator/graph";
import { onnxModel } from "./onnx";

export interface TestGraph extends GraphMetadata {
  readonly onnx: Buffer;
  /** One row each, as in model.json. */
  readonly instances: readonly unknown[];
}

const FREE = "rows";
const x = { name: "x", type: "FP32", shape: [FREE, 2] } as const;
const y = { name: "y", type: "FP32", shape: [FREE, 2] } as const;
const described = { datatype: "FP32", shape: [-1, 2] as [-1, number] } as const;

/** y = x · `factor`, two numbers a row. */
export function scaling(factor: number): TestGraph {
  return {
    onnx: onnxModel({
      inputs: [x],
      outputs: [y],
      nodes: [{ op: "Mul", inputs: ["x", "factor"], outputs: ["y"] }],
      constants: [{ name: "factor", type: "FP32", shape: [1], data: new Float32Array([factor]) }],
    }),
    inputs: [{ name: "x", ...described }],
    outputs: [{ name: "y", ...described }],
    instances: [
      [1, 2],
      [3, 4],
    ],
  };
}

/** y = x, after `steps` sines of a million numbers, which take some milliseconds each. */
export function slow(steps: number): TestGraph {
  const waves = Array.from({ length: steps }, (_, i) => ({
    op: "Sin",
    inputs: [`wave${i}`],
    outputs: [`wave${i + 1}`],
  }));
  return {
    onnx: onnxModel({
      inputs: [x],
      outputs: [y],
      constants: [
        { name: "million", type: "INT64", shape: [2], data: new BigInt64Array([1n, 1_000_000n]) },
        { name: "zero", type: "FP32", shape: [1], data: new Float32Array([0]) },
      ],
      nodes: [
        { op: "ReduceSum", inputs: ["x"], outputs: ["sum"], attributes: { keepdims: 1 } },
        { op: "Expand", inputs: ["sum", "million"], outputs: ["wave0"] },
        ...waves,
        {
          op: "ReduceMean",
          inputs: [`wave${steps}`],
          outputs: ["mean"],
          attributes: { axes: [0, 1], keepdims: 0 },
        },
        { op: "Mul", inputs: ["mean", "zero"], outputs: ["nothing"] },
        { op: "Add", inputs: ["x", "nothing"], outputs: ["y"] },
      ],
    }),
    inputs: [{ name: "x", ...described }],
    outputs: [{ name: "y", ...described }],
    instances: [[1, 2]],
  };
}

/** y = 10 · index for an index from 0 to 9, INT64; any other index makes a run fail. */
export function lookup(): TestGraph {
  const table = Float32Array.from({ length: 10 }, (_, i) => 10 * i);
  return {
    onnx: onnxModel({
      inputs: [{ name: "index", type: "INT64", shape: [FREE] }],
      outputs: [{ name: "y", type: "FP32", shape: [FREE] }],
      nodes: [{ op: "Gather", inputs: ["table", "index"], outputs: ["y"] }],
      constants: [{ name: "table", type: "FP32", shape: [10], data: table }],
    }),
    inputs: [{ name: "index", datatype: "INT64", shape: [-1] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [-1] }],
    instances: [3, 4],
  };
}

/** Inputs of every kind, each answered as it came: text, flag, number of 64 bits, and a row as long as it likes. */
export function echo(): TestGraph {
  const values = [
    { name: "text", type: "BYTES", shape: [FREE] },
    { name: "flag", type: "BOOL", shape: [FREE] },
    { name: "count", type: "INT64", shape: [FREE, 1] },
    { name: "row", type: "FP64", shape: [FREE, "width"] },
  ] as const;
  const same = (prefix: string): TestGraph["outputs"] => [
    { name: `${prefix}text`, datatype: "BYTES", shape: [-1] },
    { name: `${prefix}flag`, datatype: "BOOL", shape: [-1] },
    { name: `${prefix}count`, datatype: "INT64", shape: [-1, 1] },
    { name: `${prefix}row`, datatype: "FP64", shape: [-1, -1] },
  ];
  return {
    onnx: onnxModel({
      inputs: values,
      outputs: values.map((value) => ({ ...value, name: `same-${value.name}` })),
      nodes: values.map(({ name }) => ({
        op: "Identity",
        inputs: [name],
        outputs: [`same-${name}`],
      })),
    }),
    inputs: same(""),
    outputs: same("same-"),
    instances: [
      { text: "a", flag: true, count: [7], row: [1, 2, 3] },
      { text: "ü", flag: false, count: [8], row: [0.5] },
    ],
  };
}

/** y = x less the mean of all rows: what one requester gets depends on the others. */
export function centring(): TestGraph {
  return {
    onnx: onnxModel({
      inputs: [x],
      outputs: [y],
      nodes: [
        {
          op: "ReduceMean",
          inputs: ["x"],
          outputs: ["mean"],
          attributes: { axes: [0], keepdims: 1 },
        },
        { op: "Sub", inputs: ["x", "mean"], outputs: ["y"] },
      ],
    }),
    inputs: [{ name: "x", ...described }],
    outputs: [{ name: "y", ...described }],
    instances: [
      [1, 2],
      [3, 4],
    ],
  };
}

/** y is the first row of x, whatever comes after it; the graph doesn't tell. */
export function firstRow(): TestGraph {
  const axis = (name: string, value: bigint) =>
    ({ name, type: "INT64", shape: [1], data: new BigInt64Array([value]) }) as const;
  return {
    onnx: onnxModel({
      inputs: [x],
      outputs: [y],
      constants: [axis("from", 0n), axis("to", 1n), axis("axes", 0n)],
      nodes: [{ op: "Slice", inputs: ["x", "from", "to", "axes"], outputs: ["y"] }],
    }),
    inputs: [{ name: "x", ...described }],
    outputs: [{ name: "y", ...described }],
    instances: [[1, 2]],
  };
}

/** y = x for exactly one row, as its shape says. */
export function oneRow(): TestGraph {
  return {
    onnx: onnxModel({
      inputs: [{ ...x, shape: [1, 2] }],
      outputs: [{ ...y, shape: [1, 2] }],
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    }),
    inputs: [{ name: "x", ...described }],
    outputs: [{ name: "y", ...described }],
    instances: [[1, 2]],
  };
}

/** Like `scaling`, but its factor is in another file. */
export function external(location: string): TestGraph {
  return {
    ...scaling(1),
    onnx: onnxModel({
      inputs: [x],
      outputs: [y],
      nodes: [{ op: "Mul", inputs: ["x", "factor"], outputs: ["y"] }],
      constants: [
        { name: "factor", type: "FP32", shape: [1], data: new Float32Array([1]), location },
      ],
    }),
  };
}

/**
 * y is a text's words in the vocabulary by its width, less the mean of all texts when `centred`; same = x.
 * @param width of the vectorizer
 */
export function words(width: number, centred = false): TestGraph {
  const text = { name: "text", datatype: "BYTES", shape: [-1] as [-1] } as const;
  return {
    onnx: onnxModel({
      inputs: [{ name: "counts", type: "FP32", shape: [FREE, width] }, x],
      outputs: [
        { name: "y", type: "FP32", shape: [FREE, 1] },
        { ...y, name: "same" },
      ],
      nodes: [
        {
          op: "ReduceMean",
          inputs: ["counts"],
          outputs: ["own"],
          attributes: { axes: [1], keepdims: 1 },
        },
        {
          op: "ReduceMean",
          inputs: ["own"],
          outputs: ["all"],
          attributes: { axes: [0], keepdims: 1 },
        },
        { op: "Mul", inputs: ["all", "centred"], outputs: ["less"] },
        { op: "Sub", inputs: ["own", "less"], outputs: ["y"] },
        { op: "Identity", inputs: ["x"], outputs: ["same"] },
      ],
      constants: [
        {
          name: "centred",
          type: "FP32",
          shape: [1],
          data: new Float32Array([Number(centred)]),
        },
      ],
    }),
    inputs: [text, { name: "x", ...described }],
    outputs: [
      { name: "y", datatype: "FP32", shape: [-1, 1] },
      { name: "same", ...described },
    ],
    vectorizer: { input: "text", graphInput: "counts" },
    instances: [
      { text: "w1 ".repeat(100), x: [1, 2] },
      { text: "", x: [3, 4] },
    ],
  };
}
