import { Tensor as OnnxTensor } from "onnxruntime-node";
import { DATATYPES, type Tensor } from "../tensor";
import { createVectorizer, type Vectorizer } from "../text/vectorizer";
import type { Graph, GraphFiles, GraphMetadata } from "./graph";
import { differences, type GraphInput } from "./graph-check";
import { agree, checkRows, join, share } from "./joining";
import { OnnxSession } from "./onnx-session";

/** Counts of words at once: a request of some kilobytes, all empty texts, would otherwise need hundreds of megabytes. */
const SLICE_BYTES = 16 * 1024 * 1024;

/** How many rows of counts, `width` each, are run at once. */
export function sliceRows(width: number): number {
  return Math.max(1, Math.floor(SLICE_BYTES / Float32Array.BYTES_PER_ELEMENT / width));
}

/** A graph whose session lives in this thread: its runs block it. */
export class SessionGraph implements Graph {
  readonly thread = "main";
  /**
   * A session over the files, one thread.
   * @throws Error when ONNX Runtime can't load them, or their inputs and outputs aren't those of `metadata`.
   */
  static load(files: GraphFiles, metadata: GraphMetadata): SessionGraph {
    const vectorizer = loadVectorizer(files, metadata);
    const inputs = metadata.inputs.map((input): GraphInput => {
      if (vectorizer === undefined || input.name !== metadata.vectorizer?.input) return input;
      const { graphInput: name } = metadata.vectorizer;
      return { name, datatype: "FP32", shape: [-1, vectorizer.width], vectorizer };
    });
    const session = new OnnxSession(
      files.onnx,
      metadata.outputs.map(({ name }) => name),
    );
    const faults = differences(inputs, metadata.outputs, session);
    if (faults.length === 0) return new SessionGraph(session, inputs, metadata);
    session.dispose();
    throw new Error(`model.onnx is not what model.json says: ${faults.join("; ")}`);
  }

  /** Of the counts of a text. */
  private readonly width: number;
  /** Rows of one run of the session. */
  private readonly mostRows: number;

  private constructor(
    private readonly session: OnnxSession,
    private readonly inputs: readonly GraphInput[],
    private readonly metadata: GraphMetadata,
  ) {
    const width = inputs.find(({ vectorizer }) => vectorizer !== undefined)?.vectorizer?.width;
    this.width = width ?? 0;
    this.mostRows = width === undefined ? Infinity : sliceRows(width);
  }

  run(inputs: readonly Tensor[]): readonly Tensor[] {
    const rows = inputs[0]?.shape[0] ?? 0;
    return rows <= this.mostRows ? this.runAtOnce(inputs) : this.runInSlices(inputs, rows);
  }

  private runInSlices(inputs: readonly Tensor[], rows: number): readonly Tensor[] {
    // One memory for all: each slice's own would stay until a garbage collection.
    const memory = new Float32Array(this.mostRows * this.width);
    const slices: (readonly Tensor[])[] = [];
    for (let from = 0; from < rows; from += this.mostRows) {
      const own = Math.min(this.mostRows, rows - from);
      const outputs = this.runAtOnce(share(inputs, from, own, rows), memory);
      checkRows(outputs, own);
      const [first = outputs] = slices;
      if (!agree(first, outputs)) throw new Error("outputs of other rows have another shape");
      slices.push(outputs);
    }
    return join(slices, rows);
  }

  private runAtOnce(inputs: readonly Tensor[], memory?: Float32Array): readonly Tensor[] {
    const feeds: Record<string, OnnxTensor> = {};
    for (let i = 0; i < this.inputs.length; i++) {
      const { name, datatype, vectorizer } = this.inputs[i] as GraphInput;
      const { data, shape } = inputs[i] as Tensor;
      if (datatype === "BYTES") refuseNull(name, data as readonly string[]);
      feeds[name] =
        vectorizer === undefined
          ? new OnnxTensor(DATATYPES[datatype].onnx, data, shape)
          : counts(vectorizer, data as readonly string[], memory);
    }
    const results = this.session.run(feeds);
    return this.metadata.outputs.map(({ name, datatype }) => {
      const { data, dims } = results[name] as OnnxTensor;
      return { name, datatype, shape: dims, data: data as Float32Array };
    });
  }

  release(): void {
    this.session.dispose();
  }
}

/** The runtime's texts end at U+0000: it would evaluate another text than was sent, and not say so. */
function refuseNull(name: string, texts: readonly string[]): void {
  const at = texts.findIndex((text) => text.includes("\0"));
  if (at !== -1) throw new Error(`input "${name}": the character U+0000 is in text ${at}`);
}

function counts(
  vectorizer: Vectorizer,
  texts: readonly string[],
  memory?: Float32Array,
): OnnxTensor {
  const length = texts.length * vectorizer.width;
  const data = memory?.subarray(0, length) ?? new Float32Array(length);
  vectorizer.count(texts, data);
  return new OnnxTensor("float32", data, [texts.length, vectorizer.width]);
}

function loadVectorizer(files: GraphFiles, metadata: GraphMetadata): Vectorizer | undefined {
  if (metadata.vectorizer === undefined) return undefined;
  if (files.vectorizer === undefined) throw new Error("vectorizer.json is missing");
  return createVectorizer(JSON.parse(files.vectorizer));
}
