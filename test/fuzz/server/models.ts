import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Datatype } from "../../../app/server/tensor";
import { repositoryRoot } from "../../../local/paths";
import { onnxModel, type Value } from "../../unit/app/support/onnx";

const shipped = path.join(repositoryRoot(), "app", "models");

/** Every datatype once, as its own input: what a request says of one must not touch another. */
const ECHO: readonly (readonly [name: string, datatype: Datatype, ...shape: number[]])[] = [
  ["fp32", "FP32", -1, 2],
  ["fp64", "FP64", -1],
  ["int8", "INT8", -1],
  ["int16", "INT16", -1, 1],
  ["int32", "INT32", -1],
  ["int64", "INT64", -1, 2],
  ["uint8", "UINT8", -1],
  ["uint16", "UINT16", -1],
  ["uint32", "UINT32", -1],
  ["uint64", "UINT64", -1],
  ["bool", "BOOL", -1],
  ["text", "BYTES", -1],
];

/** Dimensions that differ from request to request, and three of them. */
const RAGGED: typeof ECHO = [
  ["wide", "FP32", -1, -1],
  ["cube", "INT32", -1, 2, 3],
  ["words", "BYTES", -1, -1],
];

/** One BYTES input and one output, the shape of a text model, whose answer is known for every text. */
const MIRROR: typeof ECHO = [["words", "BYTES", -1]];

/** Copies the models that ship into `folder`. @returns their names */
export function stageShippedModels(folder: string): string[] {
  const names = fs
    .readdirSync(shipped)
    .filter((name) => fs.existsSync(path.join(shipped, name, "model.json")));
  for (const name of names)
    fs.cpSync(path.join(shipped, name), path.join(folder, name), { recursive: true });
  return names;
}

/**
 * Fills `folder` with the models to serve: those that ship, and three that answer what they are asked.
 * @returns their names
 */
export function stageModels(folder: string): string[] {
  const names = stageShippedModels(folder);
  writeEcho(folder, "echo", ECHO);
  writeEcho(folder, "ragged", RAGGED);
  writeEcho(folder, "mirror", MIRROR);
  return [...names, "echo", "ragged", "mirror"];
}

function writeEcho(folder: string, name: string, columns: typeof ECHO): void {
  const tensors = columns.map(([column, datatype, ...shape]) => ({
    input: column,
    output: `${column}_out`,
    datatype,
    shape,
  }));
  const value = (own: string, { datatype, shape }: (typeof tensors)[number]): Value => ({
    name: own,
    type: datatype,
    shape: shape.map((size, i) => (size === -1 ? `d${i}` : size)),
  });
  const onnx = onnxModel({
    inputs: tensors.map((tensor) => value(tensor.input, tensor)),
    outputs: tensors.map((tensor) => value(tensor.output, tensor)),
    nodes: tensors.map(({ input, output }) => ({
      op: "Identity",
      inputs: [input],
      outputs: [output],
    })),
  });
  const sha256 = createHash("sha256").update(onnx).digest("hex");
  const values = tensors.map(({ datatype, shape }) => example(datatype, shape));
  const named: unknown = Object.fromEntries(tensors.map(({ input }, i) => [input, values[i]]));
  const metadata = {
    name,
    title: name,
    description: "Answers what it is asked.",
    framework: { name: "ONNX", version: "1" },
    inputs: tensors.map(({ input, datatype, shape }) => ({ name: input, datatype, shape })),
    outputs: tensors.map(({ output, datatype, shape }) => ({ name: output, datatype, shape })),
    examples: [{ title: "one", instance: values.length === 1 ? values[0] : named }],
    versions: { "1": { files: { "model.onnx": sha256 } } },
  };
  const target = path.join(folder, name, "1");
  fs.mkdirSync(target, { recursive: true });
  fs.writeFileSync(path.join(target, "model.onnx"), onnx);
  fs.writeFileSync(path.join(folder, name, "model.json"), JSON.stringify(metadata));
}

function example(datatype: Datatype, shape: readonly number[]): unknown {
  const [, ...inner] = shape;
  const leaf: unknown = datatype === "BYTES" ? "a" : datatype === "BOOL" ? true : 1;
  return inner.reduceRight<unknown>(
    (value, size) => Array.from({ length: Math.max(size, 1) }, () => value),
    leaf,
  );
}
