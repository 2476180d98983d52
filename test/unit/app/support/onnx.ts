/** Small ONNX models, written by hand: onnx.proto of the ONNX project, opset 17. */
import type { Datatype } from "../../../../app/server/tensor";

/** Element types of ONNX, by their Open Inference Protocol names. */
const TYPES: Record<Datatype, number> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
};
const OPSET = 17;

/** A named value of a graph; a dimension that is text is free. */
export interface Value {
  readonly name: string;
  readonly type: Datatype;
  readonly shape: readonly (number | string)[];
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

export interface Constant {
  readonly name: string;
  readonly type: "FP32" | "INT64";
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
  /** The file that is said to hold the data, in their stead. */
  readonly location?: string;
}

export interface OnnxGraph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly constants?: readonly Constant[];
}

/** The bytes of a model.onnx. */
export function onnxModel({ inputs, outputs, nodes, constants = [] }: OnnxGraph): Buffer {
  const graph = Buffer.concat([
    ...nodes.map((node) => message(1, nodeProto(node))),
    message(2, "graph"),
    ...constants.map((constant) => message(5, tensorProto(constant))),
    ...inputs.map((value) => message(11, valueProto(value))),
    ...outputs.map((value) => message(12, valueProto(value))),
  ]);
  return Buffer.concat([number(1, 8), message(7, graph), message(8, number(2, OPSET))]);
}

function nodeProto({ op, inputs, outputs, attributes = {} }: Node): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => message(1, name)),
    ...outputs.map((name) => message(2, name)),
    message(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      message(
        5,
        Buffer.concat([
          message(1, name),
          ...(typeof value === "number" ? [number(3, value)] : value.map((own) => number(8, own))),
          number(20, typeof value === "number" ? 2 : 7),
        ]),
      ),
    ),
  ]);
}

function valueProto({ name, type, shape }: Value): Buffer {
  const dimensions = shape.map((size) =>
    message(1, typeof size === "number" ? number(1, size) : message(2, size)),
  );
  const tensor = Buffer.concat([number(1, TYPES[type]), message(2, Buffer.concat(dimensions))]);
  return Buffer.concat([message(1, name), message(2, message(1, tensor))]);
}

function tensorProto({ name, type, shape, data, location }: Constant): Buffer {
  const entry = (key: string, value: string) =>
    message(13, Buffer.concat([message(1, key), message(2, value)]));
  return Buffer.concat([
    ...shape.map((size) => number(1, size)),
    number(2, TYPES[type]),
    message(8, name),
    location === undefined
      ? message(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength))
      : Buffer.concat([entry("location", location), number(14, 1)]),
  ]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function message(field: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as Buffer);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
