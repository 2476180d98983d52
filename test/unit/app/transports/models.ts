import { echo, type TestGraph } from "../support/graphs";
import { temporaryModels } from "../support/models";
import { onnxModel } from "../support/onnx";

/** A model that answers each text with itself. */
export function textEcho(): TestGraph {
  const described = { datatype: "BYTES", shape: [-1] as [-1] } as const;
  return {
    onnx: onnxModel({
      inputs: [{ name: "text", type: "BYTES", shape: ["rows"] }],
      outputs: [{ name: "same", type: "BYTES", shape: ["rows"] }],
      nodes: [{ op: "Identity", inputs: ["text"], outputs: ["same"] }],
    }),
    inputs: [{ name: "text", ...described }],
    outputs: [{ name: "same", ...described }],
    instances: ["hello", "Grüße 👋"],
  };
}

/** A model whose answer is the logarithm: -∞ and NaN for what has none. */
export function logarithm(): TestGraph {
  const described = { datatype: "FP32", shape: [-1, 2] as [-1, number] } as const;
  return {
    onnx: onnxModel({
      inputs: [{ name: "x", type: "FP32", shape: ["rows", 2] }],
      outputs: [{ name: "y", type: "FP32", shape: ["rows", 2] }],
      nodes: [{ op: "Log", inputs: ["x"], outputs: ["y"] }],
    }),
    inputs: [{ name: "x", ...described }],
    outputs: [{ name: "y", ...described }],
    instances: [[1, 2]],
  };
}

/** iris, a model of text, one with several inputs of every kind, and one that has no answer to some numbers. */
export function variedModels(): string {
  return temporaryModels()
    .add("iris")
    .addGraph("text", textEcho())
    .addGraph("several", echo())
    .addGraph("log", logarithm()).path;
}

/** Two rows of each input of the model `several`, as the Open Inference Protocol has them; `text` is the model `text`'s, too. */
export const text = { name: "text", datatype: "BYTES", shape: [2], data: ["a", "ü"] };
export const flag = { name: "flag", datatype: "BOOL", shape: [2], data: [true, false] };
export const count = { name: "count", datatype: "INT64", shape: [2, 1], data: [7, -8] };
export const row = { name: "row", datatype: "FP64", shape: [2, 2], data: [1, 2.5, 3, -4] };
