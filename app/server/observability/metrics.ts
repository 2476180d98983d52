import { Distribution } from "./distribution";

/** Why a request got an error: it was wrong, there was no room for it, or it was the server's own fault. */
export const failureReasons = ["invalid", "overloaded", "internal"] as const;
export type FailureReason = (typeof failureReasons)[number];

/** What happens to one version of a model, counted: calls cost well below a microsecond and never throw. */
export interface VersionMetrics {
  /** A request was answered, `seconds` after it had arrived whole. */
  answered(seconds: number): void;
  /** A request for this version was refused or went wrong. */
  failed(reason: FailureReason): void;
  /** One run of the model, which `requests` requests shared. */
  ran(rows: number, requests: number, seconds: number): void;
  /** So many requests wait for a run now. */
  queued(requests: number): void;
}

/** Seconds; the finest are a small model's, the largest is where requests are given up. */
const REQUEST_SECONDS = [
  1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const RUN_SECONDS = [
  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The counts of one version, in plain fields: the metric library reads them when somebody asks. */
export class VersionCounts implements VersionMetrics {
  readonly errors: Record<FailureReason, number> = { invalid: 0, overloaded: 0, internal: 0 };
  readonly requestSeconds = new Distribution(REQUEST_SECONDS);
  readonly runSeconds = new Distribution(RUN_SECONDS);
  readonly batchRows = new Distribution(BATCH_SIZES);
  readonly batchRequests = new Distribution(BATCH_SIZES);
  /** Answered and failed ones. */
  requests = 0;
  queue = 0;

  constructor(
    readonly model: string,
    readonly version: string,
  ) {}

  answered(seconds: number): void {
    this.requests++;
    this.requestSeconds.observe(seconds);
  }

  failed(reason: FailureReason): void {
    this.requests++;
    this.errors[reason]++;
  }

  ran(rows: number, requests: number, seconds: number): void {
    this.batchRows.observe(rows);
    this.batchRequests.observe(requests);
    this.runSeconds.observe(seconds);
  }

  queued(requests: number): void {
    this.queue = requests;
  }
}

export interface ModelState {
  readonly model: string;
  readonly version: string;
  readonly ready: boolean;
}

/** What `/metrics` tells. The library that writes it is loaded by the first `collect()` or `render()`, not at start. */
export class Metrics {
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  private readonly counts = new Map<string, VersionCounts>();
  private readonly states = new Map<string, ModelState>();
  private exposition: Promise<{ metrics(): Promise<string> }> | undefined;

  /** The counts of a version, which go on from where they are when it has been there before and was not forgotten. */
  version(model: string, version: string): VersionMetrics {
    const key = `${model}/${version}`;
    let counts = this.counts.get(key);
    if (counts === undefined) this.counts.set(key, (counts = new VersionCounts(model, version)));
    return counts;
  }

  /** A version that is gone: nothing more is told of it. */
  forget(model: string, version: string): void {
    this.counts.delete(`${model}/${version}`);
    this.states.delete(`${model}/${version}`);
  }

  /** Whether a version can be asked; one that failed to load is told of, too. */
  modelState(model: string, version: string, ready: boolean): void {
    this.states.set(`${model}/${version}`, { model, version, ready });
  }

  /** Starts to watch the process: event loop, garbage collection. Takes some 15 ms, once. */
  async collect(): Promise<void> {
    this.exposition ??= import("./exposition").then(({ createExposition }) =>
      createExposition(this.counts, this.states),
    );
    await this.exposition;
  }

  /** Everything, in Prometheus' text format. */
  async render(): Promise<string> {
    await this.collect();
    return (await this.exposition)?.metrics() ?? "";
  }
}
