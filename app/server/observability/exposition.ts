import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricValueWithName,
} from "prom-client";
import type { Distribution } from "./distribution";
import { failureReasons, type ModelState, type VersionCounts } from "./metrics";

type Label = "model" | "version";
const labelNames: Label[] = ["model", "version"];

type Counts = ReadonlyMap<string, VersionCounts>;

/** A registry over `counts` and `states`, which are read at each scrape, and over the process. */
export function createExposition(
  counts: Counts,
  states: ReadonlyMap<string, ModelState>,
): Registry {
  const registry = new Registry();
  const registers = [registry];
  new Counter({
    name: "modelport_requests_total",
    help: "Requests for a version, answered or failed.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { model, version, requests } of counts.values())
        this.inc({ model, version }, requests);
    },
  });
  new Counter({
    name: "modelport_request_errors_total",
    help: "Requests that got an error: they were invalid, met a full queue, or failed in the server.",
    labelNames: [...labelNames, "reason"],
    registers,
    collect() {
      this.reset();
      for (const { model, version, errors } of counts.values())
        for (const reason of failureReasons) this.inc({ model, version, reason }, errors[reason]);
    },
  });
  new Gauge({
    name: "modelport_queue_requests",
    help: "Requests that wait for a run.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { model, version, queue } of counts.values()) this.set({ model, version }, queue);
    },
  });
  new Gauge({
    name: "modelport_model_ready",
    help: "1 when a version can be asked, 0 while it loads or when it could not be loaded.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { model, version, ready } of states.values())
        this.set({ model, version }, ready ? 1 : 0);
    },
  });
  const histograms: [name: string, help: string, of: (counts: VersionCounts) => Distribution][] = [
    [
      "modelport_request_seconds",
      "From a request's last byte to its rendered answer.",
      ({ requestSeconds }) => requestSeconds,
    ],
    ["modelport_run_seconds", "One run of the model.", ({ runSeconds }) => runSeconds],
    ["modelport_batch_rows", "Rows in one run of the model.", ({ batchRows }) => batchRows],
    [
      "modelport_batch_requests",
      "Requests that shared one run of the model.",
      ({ batchRequests }) => batchRequests,
    ],
  ];
  for (const [name, help, of] of histograms)
    registry.registerMetric(new CountedHistogram(name, help, counts, of));
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** A histogram whose counts are kept elsewhere. */
class CountedHistogram extends Histogram<Label> {
  private readonly described: ReturnType<Histogram<Label>["get"]>;

  constructor(
    private readonly title: string,
    help: string,
    private readonly counts: Counts,
    private readonly of: (counts: VersionCounts) => Distribution,
  ) {
    super({ name: title, help, labelNames, registers: [] });
    this.described = new Histogram({ name: title, help, labelNames, registers: [] }).get();
  }

  override async get(): ReturnType<Histogram<Label>["get"]> {
    const values = [...this.counts.values()].flatMap((own) => this.samples(own));
    return { ...(await this.described), values };
  }

  /** What the registry asks for when it writes text. */
  getForPromString(): ReturnType<Histogram<Label>["get"]> {
    return this.get();
  }

  private samples(own: VersionCounts): MetricValueWithName<Label>[] {
    const { model, version } = own;
    const { bounds, counts, sum } = this.of(own);
    let total = 0;
    const sample = (suffix: string, value: number, le: Partial<Record<"le", string>> = {}) => ({
      metricName: `${this.title}_${suffix}`,
      value,
      labels: { ...le, model, version },
    });
    const buckets = Array.from(counts, (count, i) =>
      sample("bucket", (total += count), { le: String(bounds[i] ?? "+Inf") }),
    );
    return [...buckets, sample("sum", sum), sample("count", total)];
  }
}
