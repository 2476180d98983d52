import { setImmediate as turn } from "node:timers/promises";
import { RequestError } from "../errors";
import type { VersionMetrics } from "../observability/metrics";
import type { Tensor } from "../tensor";
import type { Graph } from "./graph";
import { agree, checkRows, join, share } from "./joining";

export interface BatchingOptions {
  /** Names of the inputs, in the graph's order. */
  readonly inputs: readonly string[];
  /** Rows of the requests that are joined into one run; a request with more runs alone. */
  readonly maxBatchRows: number;
  /** Requests that wait; more are refused. */
  readonly maxQueue: number;
  readonly metrics: Pick<VersionMetrics, "ran" | "queued">;
}

/** Runs that block the thread one after the other give the others a turn after so much time. */
const TURN_MS = 10;

/** A request waiting for the next run. */
interface Waiting {
  readonly inputs: readonly Tensor[];
  readonly rows: number;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins the requests that arrive in one turn of the event loop, or while a run goes on, into one run: a call of the runtime
 * costs more than the maths of a small model. Nobody waits for company: a run starts as soon as the turn's sockets are read.
 */
export class BatchingEvaluator {
  private waiting: Waiting[] = [];
  private busy = false;
  private closed: Promise<void> | undefined;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly options: BatchingOptions,
  ) {}

  /**
   * @param inputs by name, in any order, with the same number of rows
   * @returns the outputs in the graph's order
   */
  infer(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const { maxQueue, metrics } = this.options;
    if (this.closed !== undefined) return Promise.reject(later("this version is being retired"));
    if (this.waiting.length >= maxQueue)
      return Promise.reject(later(`${maxQueue} requests wait for this model already`));
    return new Promise((resolve, reject) => {
      const rows = inputs[0]?.shape[0] ?? 0;
      this.waiting.push({ inputs: this.ordered(inputs), rows, resolve, reject });
      metrics.queued(this.waiting.length);
      if (this.busy) return;
      this.busy = true;
      setImmediate(this.next);
    });
  }

  /** Takes nothing more, finishes what it has, then frees the graph. */
  close(): Promise<void> {
    return (this.closed ??= this.idle().then(() => this.graph.release()));
  }

  private idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.busy) this.onIdle = resolve;
      else resolve();
    });
  }

  private ordered(inputs: readonly Tensor[]): readonly Tensor[] {
    const { inputs: names } = this.options;
    if (names.length === 1) return inputs;
    return names.map((name) => inputs.find((input) => input.name === name) as Tensor);
  }

  private readonly next = (): void => {
    const batch = this.takeBatch();
    if (batch.length > 0) {
      this.options.metrics.queued(this.waiting.length);
      const running = this.run(batch);
      if (running !== undefined) {
        // Where runs block the thread, one that failed has come to its end within this turn.
        void running.then(this.graph.thread === "main" ? this.nextTurn : this.next);
        return;
      }
      // Sockets are read between two runs that block the thread.
      if (this.waiting.length > 0) {
        this.nextTurn();
        return;
      }
    }
    this.busy = false;
    this.onIdle?.();
  };

  private readonly nextTurn = (): void => {
    setImmediate(this.next);
  };

  /** The requests longest waiting that agree, up to `maxBatchRows` rows, but at least one request. */
  private takeBatch(): readonly Waiting[] {
    const { waiting } = this;
    const [first] = waiting;
    if (first === undefined) return waiting;
    let { rows } = first;
    let count = 1;
    for (; count < waiting.length; count++) {
      const { inputs, rows: own } = waiting[count] as Waiting;
      if (rows + own > this.options.maxBatchRows || !agree(first.inputs, inputs)) break;
      rows += own;
    }
    if (count < waiting.length) return waiting.splice(0, count);
    this.waiting = [];
    return waiting;
  }

  /** Never throws or rejects: a failed run is told to its requests. @returns undefined when it is done already */
  private run(batch: readonly Waiting[]): Promise<void> | undefined {
    const [only] = batch;
    let rows = 0;
    for (const { rows: own } of batch) rows += own;
    const began = performance.now();
    const succeed = (outputs: readonly Tensor[]): void => {
      checkRows(outputs, rows);
      this.options.metrics.ran(rows, batch.length, (performance.now() - began) / 1000);
      let from = 0;
      for (const { rows: own, resolve } of batch) {
        resolve(share(outputs, from, own, rows));
        from += own;
      }
    };
    try {
      const inputs =
        batch.length === 1 && only !== undefined
          ? only.inputs
          : join(
              batch.map(({ inputs }) => inputs),
              rows,
            );
      const outputs = this.graph.run(inputs);
      if (outputs instanceof Promise)
        return outputs.then(succeed).catch((error: unknown) => this.fail(batch, error));
      succeed(outputs);
      return undefined;
    } catch (error) {
      return this.fail(batch, error);
    }
  }

  /** One request's values can make a run fail; its neighbours get one without it. */
  private async fail(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length === 1 || error instanceof RequestError) {
      for (const { reject } of batch) reject(toRequestError(error));
      return;
    }
    let began = performance.now();
    for (const one of batch) {
      await this.run([one]);
      if (performance.now() - began < TURN_MS) continue;
      await turn();
      began = performance.now();
    }
  }
}

/** The graph ran when it was loaded, so what fails now are this request's values; but for memory, which may be gone. */
function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/alloc/i.test(message)) return later("out of memory");
  return new RequestError(400, `the model can't evaluate these inputs: ${reasonOf(message)}`);
}

/** What the runtime says, without where in its own sources it says it, on one line. */
function reasonOf(message: string): string {
  const told = message.replace(/^[^]*Status Message: /, "").replace(/\S*\/onnxruntime\S*/g, "");
  return told.replace(/\s+/g, " ").trim().slice(0, 300);
}

function later(reason: string): RequestError {
  return new RequestError(503, `${reason}: try again`, undefined, { "retry-after": "1" });
}
