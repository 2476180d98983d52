/** Minutes at 80 % of the measured peak, open loop: what is lost, whether memory grows, whether the slowest answers stay fast. */
import type { Progress } from "../../local/progress";
import { exchangesOf, startEntry, WARMUP_SECONDS, type Bench, type Entry } from "./trial";
import type { LoadReport } from "./load";
import { fitLine, median, type Line } from "./statistics";

export interface Soak {
  readonly minutes: number;
  readonly peakRequestsPerSecond: number;
  readonly rate: number;
  readonly sent: number;
  readonly errors: number;
  readonly lost: number;
  readonly firstError?: string;
  /** Milliseconds from when a request was due. */
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** Of the constant answer at the same rate: before and after, the median. */
  readonly constantP99Milliseconds: number;
  readonly p99Ratio: number;
  readonly memory: readonly { readonly seconds: number; readonly residentMegabytes: number }[];
  /** MB over minutes, of the second half: by then the heap has found its size. */
  readonly growth: Line;
  /** Of parts of ten seconds. */
  readonly windows: NonNullable<LoadReport["windows"]>;
}

const SHARE_OF_PEAK = 0.8;
const PEAK_ROUNDS = 3;
const CONSTANT_SECONDS = 30;
const WINDOW_SECONDS = 10;
const MEMORY_EVERY_MS = 2_000;

export async function soak(
  bench: Bench,
  { ours, constant }: Readonly<Record<"ours" | "constant", Entry>>,
  minutes: number,
  progress: Progress,
): Promise<Soak> {
  const seconds = minutes * 60;
  const constantSeconds = Math.min(CONSTANT_SECONDS, seconds);
  const server = await startEntry(bench, ours);
  try {
    const exchanges = await exchangesOf(ours, server.port);
    const { connections, generator } = bench;
    const plan = { port: server.port, exchanges, connections, warmupSeconds: WARMUP_SECONDS };
    const step = progress.step(`soak: ${minutes} min at ${SHARE_OF_PEAK} of the peak`);
    const peaks: number[] = [];
    for (let round = 0; round < PEAK_ROUNDS; round++)
      peaks.push((await generator.run({ ...plan, seconds: bench.seconds })).requestsPerSecond);
    const peak = median(peaks);
    const rate = Math.floor(SHARE_OF_PEAK * peak);
    const constantP99 = async (): Promise<number> => {
      const other = await startEntry(bench, constant);
      try {
        const own = {
          ...plan,
          port: other.port,
          exchanges: await exchangesOf(constant, other.port),
        };
        return (await generator.run({ ...own, rate, seconds: constantSeconds })).latency.p99;
      } finally {
        await other.end();
      }
    };
    const before = await constantP99();
    const memory: { seconds: number; residentMegabytes: number }[] = [];
    const began = Date.now();
    const sample = (): void => {
      const at = (Date.now() - began) / 1000;
      const { residentMegabytes } = server.usage();
      memory.push({ seconds: at, residentMegabytes });
      step.update(`${Math.round(at)} s, ${rate}/s, ${residentMegabytes.toFixed(0)} MB`);
    };
    const timer = setInterval(sample, MEMORY_EVERY_MS);
    let load: LoadReport;
    try {
      load = await generator.run({ ...plan, rate, seconds, windowSeconds: WINDOW_SECONDS });
    } finally {
      clearInterval(timer);
    }
    sample();
    const after = await constantP99();
    const constantP99Milliseconds = median([before, after]) / 1000;
    step.done(`${load.errors} errors, ${load.lost} lost`);
    const late = memory.slice(Math.floor((memory.length - 1) / 2));
    return {
      minutes,
      peakRequestsPerSecond: peak,
      rate,
      sent: Math.floor(rate * seconds),
      errors: load.errors,
      lost: load.lost,
      ...(load.firstError === undefined ? {} : { firstError: load.firstError }),
      p50Milliseconds: load.latency.p50 / 1000,
      p99Milliseconds: load.latency.p99 / 1000,
      constantP99Milliseconds,
      p99Ratio: load.latency.p99 / 1000 / constantP99Milliseconds,
      memory,
      growth: fitLine(late.map(({ seconds: at, residentMegabytes: mb }) => [at / 60, mb] as const)),
      windows: load.windows ?? [],
    };
  } finally {
    await server.end();
  }
}
