/** A worker thread: holds the sessions of slow models and runs them one after the other. */
import { parentPort } from "node:worker_threads";
import type { Tensor } from "../tensor";
import { SessionGraph } from "./session-graph";
import { detach, type WorkerAnswer, type WorkerRequest, type WorkerTask } from "./worker-protocol";

const graphs = new Map<number, SessionGraph>();

function perform(task: WorkerTask): readonly Tensor[] | undefined {
  if (task.kind === "load") {
    // The runtime takes no memory that threads share.
    const files = { ...task.files, onnx: task.files.onnx.slice() };
    graphs.set(task.graph, SessionGraph.load(files, task.metadata));
    return undefined;
  }
  const graph = graphs.get(task.graph);
  if (graph === undefined) throw new Error("the worker doesn't hold this model");
  if (task.kind === "run") return graph.run(task.inputs);
  graphs.delete(task.graph);
  graph.release();
  return undefined;
}

function answer({ id, task }: WorkerRequest): void {
  try {
    const [outputs, memory] = detach(perform(task) ?? []);
    parentPort?.postMessage({ id, outputs } satisfies WorkerAnswer, memory);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, error: message } satisfies WorkerAnswer);
  }
}

parentPort?.on("message", (request: WorkerRequest) => answer(request));
