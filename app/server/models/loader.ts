import type { ServedVersion } from "../data-plane";
import { RequestError } from "../errors";
import { BatchingEvaluator } from "../evaluator/batching-evaluator";
import type { Graph, GraphFiles } from "../evaluator/graph";
import { SessionGraph, sliceRows } from "../evaluator/session-graph";
import type { WorkerPool } from "../evaluator/worker-pool";
import type { Log } from "../log";
import type { ModelMetadata, ModelVersion } from "../model-metadata";
import type { VersionMetrics } from "../observability/metrics";
import { createVectorizer } from "../text/vectorizer";
import { externalTensor } from "./external-data";
import { readChecked } from "./files";
import { isSlow, warmUp, type WarmUp } from "./warm-up";

/** A run of one row that takes longer goes to a worker thread: on the main one nobody else would be answered meanwhile. */
const SLOW_MS = 1;
/** So does a model that would take longer for a request of as many rows as are allowed, but those beyond a large one. */
const SLOW_REQUEST_MS = 100;
const LARGE_REQUEST_ROWS = 4096;
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
  /** Of one request. */
  readonly maxRows: number;
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
  const [graph, warm] = await place(files, metadata, options);
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
    served: { metadata, version, facts, metrics, infer: inferring(evaluator, files, warm) },
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
  { workers, maxRows }: LoaderOptions,
): Promise<[Graph, WarmUp]> {
  if (workers === undefined) return warmed(SessionGraph.load(files, metadata), metadata);
  if (files.onnx.length <= LARGE_BYTES) {
    const graph = SessionGraph.load(files, metadata);
    if (!(await orRelease(graph, isSlow(graph, metadata, SLOW_MS)))) {
      const [, warm] = await warmed(graph, metadata);
      const rows = Math.min(maxRows, LARGE_REQUEST_ROWS);
      if (warm.runMs <= SLOW_MS && warm.rowMs * rows <= SLOW_REQUEST_MS) return [graph, warm];
    }
    graph.release();
  }
  return warmed(await workers.place(files, metadata), metadata);
}

async function warmed(graph: Graph, metadata: ModelMetadata): Promise<[Graph, WarmUp]> {
  return [graph, await orRelease(graph, warmUp(graph, metadata))];
}

/** What `trial` resolves with; when it fails, the graph is released. */
async function orRelease<T>(graph: Graph, trial: Promise<T>): Promise<T> {
  try {
    return await trial;
  } catch (error) {
    await graph.release();
    throw error;
  }
}

/** A text model whose rows change each other's answers can't be run in slices, so it takes no more rows than one holds. */
function inferring(
  evaluator: BatchingEvaluator,
  { vectorizer }: GraphFiles,
  { joinable }: WarmUp,
): ServedVersion["infer"] {
  const infer: ServedVersion["infer"] = (inputs) => evaluator.infer(inputs);
  if (vectorizer === undefined || joinable) return infer;
  const most = sliceRows(createVectorizer(JSON.parse(vectorizer)).width);
  return (inputs) => {
    const rows = inputs[0]?.shape[0] ?? 0;
    if (rows <= most) return infer(inputs);
    return Promise.reject(
      new RequestError(413, `${rows} rows: this model takes at most ${most} at once`),
    );
  };
}

function joinedRows(graph: Graph, { rowMs }: WarmUp, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(JOINED_MS[graph.thread] / rowMs)));
}
