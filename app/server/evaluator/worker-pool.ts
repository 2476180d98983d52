import type { Log } from "../log";
import type { Graph, GraphFiles, GraphMetadata } from "./graph";
import { detach } from "./worker-protocol";
import { WorkerThread } from "./worker-thread";

/** The worker threads; each starts when the first graph is placed in it. */
export class WorkerPool {
  private readonly threads: WorkerThread[] = [];
  private graphs = 0;

  constructor(
    private readonly size: number,
    private readonly log: Log,
  ) {}

  /**
   * A graph over the files in the thread that has the fewest. They are kept: should the thread end, another one loads them.
   * @throws Error when they can't be loaded
   */
  async place(files: GraphFiles, metadata: GraphMetadata): Promise<Graph> {
    const { inputs, outputs, vectorizer } = metadata;
    const thread = this.leastLoaded();
    const graph = this.graphs++;
    await thread.place(graph, shared(files), {
      inputs,
      outputs,
      ...(vectorizer === undefined ? {} : { vectorizer }),
    });
    return {
      thread: "worker",
      run: (tensors) => thread.run(graph, ...detach(tensors)),
      release: () => thread.release(graph),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private leastLoaded(): WorkerThread {
    const [best] = [...this.threads].sort((a, b) => a.load - b.load);
    if (best !== undefined && (best.load === 0 || this.threads.length >= this.size)) return best;
    const thread = new WorkerThread(this.log);
    this.threads.push(thread);
    return thread;
  }
}

/** Memory that both threads see: the file is there once. */
function shared(files: GraphFiles): GraphFiles {
  const onnx = new Uint8Array(new SharedArrayBuffer(files.onnx.length));
  onnx.set(files.onnx);
  return { ...files, onnx };
}
