import { Tensor, type InferenceSession } from "onnxruntime-node";
import { binding, initOrt, type Binding } from "onnxruntime-node/dist/binding";

// ONNX Runtime 1.30 reports sessions and timings to its maker and keeps a device id on disk, unless this is set before its
// first session. A model server reports to nobody but its owner.
process.env["ORT_DISABLE_TELEMETRY"] = "1";

const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  executionMode: "sequential",
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  // An arena keeps what the largest run ever needed, per model; these runs are as fast without.
  enableCpuMemArena: false,
  enableMemPattern: false,
  // What fails is thrown, too; here it would be told once more on stderr, for each wrong request.
  logSeverityLevel: 4,
};

/** Of an input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** Of its elements; undefined: it is no tensor. */
  readonly type: string | undefined;
  /** Empty when the graph doesn't tell it; a dimension without a number has its name, or "". */
  readonly shape: readonly (number | string)[];
}

/**
 * A session of ONNX Runtime that runs at once. The package's own `InferenceSession` puts every run off to the next turn of the
 * event loop: the requests of 32 connections then come in two halves that wait for each other, a fifth fewer in a second.
 * What it is built on is used here, typed and part of the same pinned package.
 */
export class OnnxSession {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  private readonly session: Binding.InferenceSession;
  private readonly fetches: Readonly<Record<string, null>>;

  /** @param wanted outputs that a run returns @throws Error when the runtime can't load the model */
  constructor(model: Uint8Array, wanted: readonly string[]) {
    initOrt();
    this.session = new binding.InferenceSession();
    const { buffer, byteOffset, byteLength } = model;
    // Memory that threads share is no model's: a worker copies its own.
    this.session.loadModel(buffer as ArrayBuffer, byteOffset, byteLength, OPTIONS);
    this.inputs = this.session.inputMetadata.map(describe);
    this.outputs = this.session.outputMetadata.map(describe);
    this.fetches = Object.fromEntries(wanted.map((name) => [name, null]));
  }

  /** Blocks the thread. @returns the wanted outputs by name @throws Error when the model can't evaluate the values */
  run(feeds: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> {
    return this.session.run(feeds, this.fetches, RUN_OPTIONS);
  }

  /** Frees its memory; nothing may run any more. */
  dispose(): void {
    this.session.dispose();
  }
}

const RUN_OPTIONS: InferenceSession.RunOptions = {};

/** By the numbers of ONNX' TensorProto.DataType. */
const ELEMENT_TYPES = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
] as const;

function describe({ name, isTensor, type, shape, symbolicDimensions }: Binding.ValueMetadata) {
  if (!isTensor) return { name, type: undefined, shape: [] };
  return {
    name,
    type: ELEMENT_TYPES[type] ?? `type ${type}`,
    shape: shape.map((size, i) => (size === -1 ? (symbolicDimensions[i] ?? "") : size)),
  };
}
