import { InferenceSession, Tensor } from "onnxruntime-node";
import type { ModelMetadata } from "./model-metadata";

// ONNX Runtime 1.30 reports sessions and timings to its maker and keeps a device id on disk, unless this is set before its
// first session. A model server reports to nobody but its owner.
process.env["ORT_DISABLE_TELEMETRY"] = "1";

/** Rows of numbers, checked: each as long as the model's input is wide, each number finite as float32. */
export type Rows = readonly (readonly number[])[];

/** What the model answered to `rows` rows, from `offset` on: a window on a run that others may share. */
export interface Answer {
  /** Index into the model's labels, a row each. */
  readonly labels: BigInt64Array;
  /** As many numbers a row as there are labels. */
  readonly probabilities: Float32Array;
  readonly offset: number;
  readonly rows: number;
}

export interface Evaluator {
  evaluate(rows: Rows): Promise<Answer>;
  /** Frees the model's memory; nothing may be evaluated after it. */
  close(): Promise<void>;
}

/** Bounds what one run costs the requests that come after it: about a millisecond for a small model. */
const MAX_BATCH_ROWS = 1024;

const ONNX_TYPES = { FP32: "float32", INT64: "int64" } as const;

/**
 * A session over ONNX `bytes`, one thread.
 * @throws Error when ONNX Runtime can't load them, or their inputs and outputs aren't those of `metadata`.
 */
export async function loadEvaluator(
  bytes: Uint8Array,
  metadata: ModelMetadata,
): Promise<Evaluator> {
  const session = await InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const faults = [
    ...differences("input", metadata.inputs, session.inputMetadata),
    ...differences("output", metadata.outputs, session.outputMetadata),
  ];
  if (faults.length === 0) return new BatchingEvaluator(session, metadata);
  await session.release();
  throw new Error(`model.onnx is not what model.json says: ${faults.join("; ")}`);
}

/** A request waiting for the next run. */
interface Waiting {
  readonly rows: Rows;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins the requests that arrive in one turn of the event loop into one run: a call of the runtime costs more than the
 * maths of a small model. Nobody waits for company: a run starts as soon as the turn's sockets are read.
 */
class BatchingEvaluator implements Evaluator {
  private readonly input: string;
  private readonly width: number;
  private readonly outputs: string[];
  private waiting: Waiting[] = [];
  private scheduled = false;

  constructor(
    private readonly session: InferenceSession,
    metadata: ModelMetadata,
  ) {
    this.input = metadata.inputs[0].name;
    this.width = metadata.inputs[0].shape[1];
    this.outputs = metadata.outputs.map(({ name }) => name);
  }

  evaluate(rows: Rows): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ rows, resolve, reject });
      if (this.scheduled) return;
      this.scheduled = true;
      setImmediate(this.next);
    });
  }

  close(): Promise<void> {
    return this.session.release();
  }

  private readonly next = (): void => {
    const batch = this.takeBatch();
    if (batch.length === 0) this.scheduled = false;
    else void this.run(batch).then(this.next);
  };

  /** The requests longest waiting, up to MAX_BATCH_ROWS rows, but at least one request. */
  private takeBatch(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (const { rows: own } of this.waiting) {
      if (count > 0 && rows + own.length > MAX_BATCH_ROWS) break;
      rows += own.length;
      count++;
    }
    if (count === this.waiting.length) {
      const all = this.waiting;
      this.waiting = [];
      return all;
    }
    return this.waiting.splice(0, count);
  }

  /** Never rejects: a failed run is told to each of its requests. */
  private async run(batch: readonly Waiting[]): Promise<void> {
    try {
      const { label, probabilities } = await this.session.run(
        { [this.input]: this.join(batch) },
        this.outputs,
      );
      const labels = label?.data as BigInt64Array;
      const values = probabilities?.data as Float32Array;
      let offset = 0;
      for (const { rows, resolve } of batch) {
        resolve({ labels, probabilities: values, offset, rows: rows.length });
        offset += rows.length;
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private join(batch: readonly Waiting[]): Tensor {
    let rows = 0;
    for (const entry of batch) rows += entry.rows.length;
    const data = new Float32Array(rows * this.width);
    let at = 0;
    for (const entry of batch)
      for (const row of entry.rows) {
        data.set(row, at);
        at += this.width;
      }
    return new Tensor("float32", data, [rows, this.width]);
  }
}

/** What model.json promises and the graph doesn't hold. A dimension without a number fits any. */
function differences(
  kind: string,
  promised: readonly {
    name: string;
    datatype: keyof typeof ONNX_TYPES;
    shape: readonly number[];
  }[],
  held: readonly InferenceSession.ValueMetadata[],
): string[] {
  return promised.flatMap(({ name, datatype, shape }) => {
    const found = held.find((value) => value.name === name);
    if (found === undefined)
      return [`no ${kind} "${name}" (has ${held.map((value) => value.name).join(", ")})`];
    if (!found.isTensor) return [`${kind} "${name}" is no tensor`];
    const fits =
      found.type === ONNX_TYPES[datatype] &&
      found.shape.length === shape.length &&
      found.shape.every((size, i) => typeof size === "string" || size === shape[i]);
    const got = `${found.type} [${found.shape.map((size) => size || "?").join(",")}]`;
    return fits ? [] : [`${kind} "${name}" is ${got}, not ${datatype} [${shape.join(",")}]`];
  });
}
