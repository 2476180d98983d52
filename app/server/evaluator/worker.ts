/** A worker thread: holds the sessions of slow models and runs them one after the other. */
import { parentPort } from "node:worker_threads";
import type { Tensor } from "../tensor";
import { SessionGraph } from "./session-graph";
import { detach, type WorkerAnswer, type WorkerRequest, type WorkerTask } from "./worker-protocol";

const graphs = new Map<number, SessionGraph>();

async function perform(task: WorkerTask): Promise<readonly Tensor[] | undefined> {
  if (task.kind === "load") {
    // The runtime takes no memory that threads share.
    const files = { ...task.files, onnx: task.files.onnx.slice() };
    graphs.set(task.graph, await SessionGraph.load(files, task.metadata));
    return undefined;
  }
  const graph = graphs.get(task.graph);
  if (graph === undefined) throw new Error("the worker doesn't hold this model");
  if (task.kind === "run") return graph.run(task.inputs);
  graphs.delete(task.graph);
  await graph.release();
  return undefined;
}

async function answer({ id, task }: WorkerRequest): Promise<void> {
  try {
    const [outputs, memory] = detach((await perform(task)) ?? []);
    parentPort?.postMessage({ id, outputs } satisfies WorkerAnswer, memory);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, error: message } satisfies WorkerAnswer);
  }
}

parentPort?.on("message", (request: WorkerRequest) => void answer(request));
