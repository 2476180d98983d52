import type { ServedVersion } from "../data-plane";
import { BatchingEvaluator } from "../evaluator/batching-evaluator";
import type { Graph, GraphFiles } from "../evaluator/graph";
import { SessionGraph } from "../evaluator/session-graph";
import type { WorkerPool } from "../evaluator/worker-pool";
import type { Log } from "../log";
import type { ModelMetadata, ModelVersion } from "../model-metadata";
import type { VersionMetrics } from "../observability/metrics";
import { externalTensor } from "./external-data";
import { readChecked } from "./files";
import { warmUp, type WarmUp } from "./warm-up";

/** A run of one row that takes longer goes to a worker thread: on the main one nobody else would be answered meanwhile. */
const SLOW_MS = 1;
/** A larger model goes to a worker before its runs are timed: loading it alone stops a thread for too long. */
const LARGE_BYTES = 16 * 1024 * 1024;
/** Joined requests shall not take longer than this together: on the main thread it is what everybody else waits. */
const JOINED_MS = { main: 10, worker: 50 } as const;

export interface LoadedVersion {
  readonly served: ServedVersion;
  /** Takes nothing more, finishes what runs, frees the memory. */
  close(): Promise<void>;
}

export interface LoaderOptions {
  readonly maxBatchRows: number;
  readonly maxQueue: number;
  /** Undefined: every model stays on the main thread. */
  readonly workers: WorkerPool | undefined;
  readonly log: Log;
}

/**
 * Loads a version: checksum of every file, session, graph against model.json, warm-up; decides which thread it lives in.
 * @param folder the version's
 * @throws Error with the reason why it can't be served
 */
export async function loadVersion(
  folder: string,
  metadata: ModelMetadata,
  version: string,
  facts: ModelVersion,
  metrics: VersionMetrics,
  options: LoaderOptions,
): Promise<LoadedVersion> {
  const began = performance.now();
  const files = await readFiles(folder, facts);
  const [graph, warm] = await place(files, metadata, options.workers);
  const { log, maxBatchRows, maxQueue } = options;
  if (!warm.joinable)
    log.warn("rows change each other's answers, so requests are not joined", {
      model: metadata.name,
      version,
    });
  const evaluator = new BatchingEvaluator(graph, {
    inputs: metadata.inputs.map(({ name }) => name),
    maxBatchRows: warm.joinable ? joinedRows(graph, warm, maxBatchRows) : 1,
    maxQueue,
    metrics,
  });
  log.info("model ready", {
    model: metadata.name,
    version,
    milliseconds: Math.round(performance.now() - began),
    thread: graph.thread,
  });
  return {
    served: { metadata, version, facts, metrics, infer: (inputs) => evaluator.infer(inputs) },
    close: () => evaluator.close(),
  };
}

async function readFiles(folder: string, facts: ModelVersion): Promise<GraphFiles> {
  const { "model.onnx": onnxSum = "", "vectorizer.json": vectorizerSum, ...others } = facts.files;
  const onnx = await readChecked(folder, "model.onnx", onnxSum);
  const external = externalTensor(onnx);
  if (external !== undefined)
    throw new Error(
      `model.onnx: tensor "${external}" is in another file: save the model as one file, without external data`,
    );
  for (const [name, sum] of Object.entries(others)) await readChecked(folder, name, sum);
  if (vectorizerSum === undefined) return { onnx };
  const vectorizer = await readChecked(folder, "vectorizer.json", vectorizerSum);
  return { onnx, vectorizer: Buffer.from(vectorizer).toString() };
}

async function place(
  files: GraphFiles,
  metadata: ModelMetadata,
  workers: WorkerPool | undefined,
): Promise<[Graph, WarmUp]> {
  if (workers === undefined || files.onnx.length <= LARGE_BYTES) {
    const [graph, warm] = await warmed(SessionGraph.load(files, metadata), metadata);
    if (workers === undefined || warm.runMs <= SLOW_MS) return [graph, warm];
    await graph.release();
  }
  return warmed(await workers.place(files, metadata), metadata);
}

async function warmed(graph: Graph, metadata: ModelMetadata): Promise<[Graph, WarmUp]> {
  try {
    return [graph, await warmUp(graph, metadata)];
  } catch (error) {
    await graph.release();
    throw error;
  }
}

function joinedRows(graph: Graph, { rowMs }: WarmUp, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(JOINED_MS[graph.thread] / rowMs)));
}
