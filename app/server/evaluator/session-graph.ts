import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { DATATYPES, type Tensor } from "../tensor";
import { createVectorizer, type Vectorizer } from "../text/vectorizer";
import type { Graph, GraphFiles, GraphMetadata } from "./graph";
import { differences, type GraphInput } from "./graph-check";

// ONNX Runtime 1.30 reports sessions and timings to its maker and keeps a device id on disk, unless this is set before its
// first session. A model server reports to nobody but its owner.
process.env["ORT_DISABLE_TELEMETRY"] = "1";

const SESSION_OPTIONS: InferenceSession.SessionOptions = {
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

/** A graph whose session lives in this thread: its runs block it. */
export class SessionGraph implements Graph {
  readonly thread = "main";
  private readonly outputs: string[];

  /**
   * A session over the files, one thread.
   * @throws Error when ONNX Runtime can't load them, or their inputs and outputs aren't those of `metadata`.
   */
  static async load(files: GraphFiles, metadata: GraphMetadata): Promise<SessionGraph> {
    const vectorizer = loadVectorizer(files, metadata);
    const inputs = metadata.inputs.map((input): GraphInput => {
      if (vectorizer === undefined || input.name !== metadata.vectorizer?.input) return input;
      const { graphInput: name } = metadata.vectorizer;
      return { name, datatype: "FP32", shape: [-1, vectorizer.width], vectorizer };
    });
    const session = await InferenceSession.create(files.onnx, SESSION_OPTIONS);
    const faults = differences(inputs, metadata.outputs, session);
    if (faults.length === 0) return new SessionGraph(session, inputs, metadata);
    await session.release();
    throw new Error(`model.onnx is not what model.json says: ${faults.join("; ")}`);
  }

  private constructor(
    private readonly session: InferenceSession,
    private readonly inputs: readonly GraphInput[],
    private readonly metadata: GraphMetadata,
  ) {
    this.outputs = metadata.outputs.map(({ name }) => name);
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
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
    const results = await this.session.run(feeds, this.outputs);
    return this.metadata.outputs.map(({ name, datatype }) => {
      const { data, dims } = results[name] as OnnxTensor;
      return { name, datatype, shape: dims, data: data as Float32Array };
    });
  }

  release(): Promise<void> {
    return this.session.release();
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
