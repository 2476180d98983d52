import { Tensor as OnnxTensor } from "onnxruntime-node";
import { DATATYPES, type Tensor } from "../tensor";
import { createVectorizer, type Vectorizer } from "../text/vectorizer";
import type { Graph, GraphFiles, GraphMetadata } from "./graph";
import { differences, type GraphInput } from "./graph-check";
import { OnnxSession } from "./onnx-session";

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

  private constructor(
    private readonly session: OnnxSession,
    private readonly inputs: readonly GraphInput[],
    private readonly metadata: GraphMetadata,
  ) {}

  run(inputs: readonly Tensor[]): readonly Tensor[] {
    const feeds: Record<string, OnnxTensor> = {};
    for (let i = 0; i < this.inputs.length; i++) {
      const { name, datatype, vectorizer } = this.inputs[i] as GraphInput;
      const { data, shape } = inputs[i] as Tensor;
      if (datatype === "BYTES") refuseNull(name, data as readonly string[]);
      feeds[name] =
        vectorizer === undefined
          ? new OnnxTensor(DATATYPES[datatype].onnx, data, shape)
          : counts(vectorizer, data as readonly string[]);
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

function counts(vectorizer: Vectorizer, texts: readonly string[]): OnnxTensor {
  const data = new Float32Array(texts.length * vectorizer.width);
  vectorizer.count(texts, data);
  return new OnnxTensor("float32", data, [texts.length, vectorizer.width]);
}

function loadVectorizer(files: GraphFiles, metadata: GraphMetadata): Vectorizer | undefined {
  if (metadata.vectorizer === undefined) return undefined;
  if (files.vectorizer === undefined) throw new Error("vectorizer.json is missing");
  return createVectorizer(JSON.parse(files.vectorizer));
}
