import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { RequestError } from "../errors";
import type { Log } from "../log";
import type { Tensor } from "../tensor";
import type { GraphFiles, GraphMetadata } from "./graph";
import type { WorkerAnswer, WorkerTask } from "./worker-protocol";

/** One that ends sooner than this after its start is started again only after a wait as long. */
const RESTART_MS = 1000;

interface Pending {
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Placed {
  readonly files: GraphFiles;
  readonly metadata: GraphMetadata;
}

/**
 * A worker and the graphs placed in it. When the thread ends, what it was asked is refused with 503, and another one takes
 * its place and its graphs.
 */
export class WorkerThread {
  private readonly placed = new Map<number, Placed>();
  /** Those of them that the thread has now. */
  private readonly loaded = new Set<number>();
  private readonly pending = new Map<number, Pending>();
  private calls = 0;
  private worker: Worker;
  private alive = true;
  /** Settles when the graphs placed here can be asked. */
  private restored: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(private readonly log: Log) {
    this.worker = this.start();
  }

  /** How many graphs live here. */
  get load(): number {
    return this.placed.size;
  }

  /** @throws Error when the files can't be loaded */
  async place(graph: number, files: GraphFiles, metadata: GraphMetadata): Promise<void> {
    // Counted at once: the next one to be placed asks for the load before this one is there.
    const placed = { files, metadata };
    this.placed.set(graph, placed);
    try {
      await this.restored;
      if (!this.alive) this.worker = this.start();
      // A thread that was started again meanwhile has it already.
      if (!this.loaded.has(graph)) await this.loadHere(graph, placed);
    } catch (error) {
      this.placed.delete(graph);
      throw error;
    }
  }

  /** @throws RequestError 503 when the thread ends meanwhile, or doesn't get the graph loaded again */
  async run(
    graph: number,
    inputs: readonly Tensor[],
    memory: readonly ArrayBuffer[],
  ): Promise<readonly Tensor[]> {
    await this.restored;
    const placed = this.placed.get(graph);
    if (placed !== undefined && !this.loaded.has(graph))
      await this.loadHere(graph, placed).catch((error: unknown) => {
        throw error instanceof RequestError ? error : later("the model could not be loaded again");
      });
    return this.ask({ kind: "run", graph, inputs }, memory);
  }

  async release(graph: number): Promise<void> {
    this.placed.delete(graph);
    await this.restored;
    this.loaded.delete(graph);
    // A thread that has just ended has released it, too.
    await this.ask({ kind: "release", graph }).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.worker.terminate();
  }

  private start(): Worker {
    const began = performance.now();
    const worker = new Worker(...entry());
    this.alive = true;
    this.loaded.clear();
    let fault: string | undefined;
    worker.on("message", ({ id, outputs, error }: WorkerAnswer) => {
      const pending = this.pending.get(id);
      this.pending.delete(id);
      if (error === undefined) pending?.resolve(outputs ?? []);
      else pending?.reject(new Error(error));
    });
    worker.on("error", (error) => (fault = String(error)));
    worker.on("exit", (code) => {
      this.alive = false;
      this.refusePending();
      if (this.closed) return;
      this.log.error("worker ended", { code, reason: fault, models: this.placed.size });
      const early = performance.now() - began < RESTART_MS;
      this.restored = this.restart(early ? RESTART_MS : 0);
    });
    return worker;
  }

  private async restart(afterMs: number): Promise<void> {
    await sleep(afterMs, undefined, { ref: false });
    if (this.closed || this.placed.size === 0) return;
    this.worker = this.start();
    await Promise.all(
      [...this.placed].map(([graph, placed]) =>
        this.loadHere(graph, placed).catch((error: unknown) =>
          this.log.error("model failed to load again", { reason: String(error) }),
        ),
      ),
    );
    this.log.info("worker restarted", { models: this.placed.size });
  }

  private async loadHere(graph: number, placed: Placed): Promise<void> {
    await this.ask({ kind: "load", graph, ...placed });
    this.loaded.add(graph);
  }

  private ask(task: WorkerTask, memory?: readonly ArrayBuffer[]): Promise<readonly Tensor[]> {
    if (!this.alive) return Promise.reject(ended());
    return new Promise((resolve, reject) => {
      const id = this.calls++;
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, task }, memory ?? []);
    });
  }

  private refusePending(): void {
    const refused = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of refused) reject(ended());
  }
}

function ended(): RequestError {
  return later("the model's worker thread ended");
}

function later(reason: string): RequestError {
  return new RequestError(503, `${reason}: try again`, undefined, { "retry-after": "1" });
}

/** The worker's bundle is beside the server's; from sources it is a file that needs the same loader as this one. */
function entry(): ConstructorParameters<typeof Worker> {
  const fromSources = path.extname(__filename) === ".ts";
  return fromSources
    ? [path.join(__dirname, "worker.ts"), { execArgv: ["--require", "tsx/cjs"] }]
    : [path.join(__dirname, "server-worker.js")];
}
