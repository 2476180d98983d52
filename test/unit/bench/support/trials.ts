import type { Contender, PreparedModel } from "../../../../bench/serving/contenders";
import type { LoadReport } from "../../../../bench/serving/load";
import type { Measured } from "../../../../bench/serving/rounds";
import type { Trial } from "../../../../bench/serving/trial";

export function loadReport(requestsPerSecond: number, p50: number, p99: number): LoadReport {
  return {
    seconds: 1,
    requestsPerSecond,
    answered: requestsPerSecond,
    errors: 0,
    statuses: {},
    bodies: 0,
    broken: 0,
    lost: 0,
    reconnects: 0,
    latency: { mean: p50, p50, p90: p99, p99, p999: p99, max: p99 },
  };
}

/** Latencies in microseconds. */
export function trial(
  rate: number,
  o: { p99?: number; single?: number; errors?: number } = {},
): Trial {
  const { p99 = 1000, single, errors = 0 } = o;
  const load = { ...loadReport(rate, 100, p99), errors, broken: errors };
  return {
    startSeconds: 0.25,
    load: errors === 0 ? load : { ...load, firstError: "request 3: status 500" },
    ...(single === undefined ? {} : { single: loadReport(1e6 / single, single, single) }),
    usage: { processes: 1, residentMegabytes: 120, proportionalMegabytes: 100, cpuSeconds: 1 },
    coreShare: 0.99,
  };
}

export function measured(name: string, model: string, trials: readonly Trial[]): Measured {
  const variant = { name: "default", options: {} };
  const contender: Contender = {
    name,
    title: `${name} & co`,
    variants: [variant],
    command: () => ({ argv: [], env: {}, cwd: "/", readiness: "/" }),
    post: () => ({ path: "/", headers: {}, body: Buffer.alloc(0) }),
    predictions: () => undefined,
  };
  const prepared: PreparedModel = {
    name: model,
    version: "1",
    labels: [],
    modelsDir: "",
    pickle: "",
    onnx: "",
    tolerance: 0,
    golden: [],
  };
  return { entry: { contender, model: prepared, variant, answer: "" }, trials };
}
