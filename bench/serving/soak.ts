/** Minutes at 80 % of the measured peak, open loop: what is lost, whether memory grows, whether the slowest answers stay fast. */
import type { Progress } from "../../local/progress";
import { exchangesOf, startEntry, WARMUP_SECONDS, type Bench, type Entry } from "./trial";
import type { LoadReport } from "./load";
import { stolenSeconds } from "./process-tree";
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
  /** The median of the windows' p99: what it is while the machine stands still for nobody. */
  readonly windowP99Milliseconds: number;
  /** Of the constant answer at the same rate, as long, half before and half after: the median of the two. */
  readonly constantP99Milliseconds: number;
  readonly constantWindowP99Milliseconds: number;
  readonly p99Ratio: number;
  readonly windowP99Ratio: number;
  readonly memory: readonly { readonly seconds: number; readonly residentMegabytes: number }[];
  /** MB over minutes, of the second half: by then the heap has found its size. */
  readonly growth: Line;
  /** Of ten seconds each. */
  readonly windows: readonly Window[];
  readonly constantWindows: readonly Window[];
}

export interface Window {
  /** Since the measured time began. */
  readonly second: number;
  readonly answered: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** Of the server: where the same work takes more, the machine is slower. */
  readonly cpuMicrosecondsPerRequest: number;
  /** Of the server's core: what the machine's host gave to others. */
  readonly stolenSeconds: number;
}

const SHARE_OF_PEAK = 0.8;
const PEAK_ROUNDS = 3;
const WINDOW_SECONDS = 10;
const SAMPLE_EVERY_MS = 1_000;

export async function soak(
  bench: Bench,
  { ours, constant }: Readonly<Record<"ours" | "constant", Entry>>,
  minutes: number,
  progress: Progress,
): Promise<Soak> {
  const step = progress.step(`soak: ${minutes} min at ${SHARE_OF_PEAK} of the peak`);
  const peak = await peakOf(bench, ours);
  const rate = Math.floor(SHARE_OF_PEAK * peak);
  const stretch = (entry: Entry, seconds: number): Promise<Stretch> =>
    atRate(bench, entry, { rate, seconds }, ({ at, residentMegabytes }) =>
      step.update(
        `${entry.contender.name}: ${Math.round(at)} of ${seconds} s, ${rate}/s, ${residentMegabytes.toFixed(0)} MB`,
      ),
    );
  const seconds = minutes * 60;
  const before = await stretch(constant, seconds / 2);
  const { load, windows, memory } = await stretch(ours, seconds);
  const after = await stretch(constant, seconds / 2);
  step.done(`${load.errors} errors, ${load.lost} lost`);
  const constantWindows = [...before.windows, ...after.windows];
  const p99 = load.latency.p99 / 1000;
  const constantP99 = median([before.load.latency.p99, after.load.latency.p99]) / 1000;
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
    p99Milliseconds: p99,
    windowP99Milliseconds: windowP99(windows),
    constantP99Milliseconds: constantP99,
    constantWindowP99Milliseconds: windowP99(constantWindows),
    p99Ratio: p99 / constantP99,
    windowP99Ratio: windowP99(windows) / windowP99(constantWindows),
    memory,
    growth: fitLine(late.map(({ seconds: at, residentMegabytes: mb }) => [at / 60, mb] as const)),
    windows,
    constantWindows,
  };
}

const windowP99 = (windows: readonly Window[]): number =>
  median(windows.map(({ p99Milliseconds }) => p99Milliseconds));

/** Requests a second that `entry` answers when each connection sends again at once. */
async function peakOf(bench: Bench, entry: Entry): Promise<number> {
  const server = await startEntry(bench, entry);
  try {
    const { connections, generator, seconds } = bench;
    const exchanges = await exchangesOf(entry, server.port);
    const plan = { port: server.port, exchanges, connections, warmupSeconds: WARMUP_SECONDS };
    const rounds: number[] = [];
    for (let round = 0; round < PEAK_ROUNDS; round++)
      rounds.push((await generator.run({ ...plan, seconds })).requestsPerSecond);
    return median(rounds);
  } finally {
    await server.end();
  }
}

interface Stretch {
  readonly load: LoadReport;
  readonly windows: Window[];
  readonly memory: { seconds: number; residentMegabytes: number }[];
}

interface Sample {
  /** Seconds since the measured time began. */
  readonly at: number;
  readonly residentMegabytes: number;
  readonly cpuSeconds: number;
  readonly stolenSeconds: number;
}

async function atRate(
  bench: Bench,
  entry: Entry,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
  tell: (sample: Sample) => void,
): Promise<Stretch> {
  const server = await startEntry(bench, entry);
  try {
    const { connections, generator } = bench;
    const exchanges = await exchangesOf(entry, server.port);
    const began = Date.now() + WARMUP_SECONDS * 1000;
    const samples: Sample[] = [];
    const sample = (): void => {
      const { residentMegabytes, cpuSeconds } = server.usage();
      const stolen = stolenSeconds(bench.machine.serverCore);
      const at = (Date.now() - began) / 1000;
      const taken = { at, residentMegabytes, cpuSeconds, stolenSeconds: stolen };
      samples.push(taken);
      tell(taken);
    };
    sample();
    const timer = setInterval(sample, SAMPLE_EVERY_MS);
    const load = await generator
      .run({
        ...{ port: server.port, exchanges, connections, rate, seconds },
        warmupSeconds: WARMUP_SECONDS,
        windowSeconds: WINDOW_SECONDS,
      })
      .finally(() => clearInterval(timer));
    sample();
    const measured = samples.filter(({ at }) => at >= 0);
    return {
      load,
      windows: (load.windows ?? []).map((window) => windowOf(window, samples)),
      memory: measured.map(({ at, residentMegabytes }) => ({ seconds: at, residentMegabytes })),
    };
  } finally {
    await server.end();
  }
}

function windowOf(
  { second, answered, p50, p99 }: NonNullable<LoadReport["windows"]>[number],
  samples: readonly Sample[],
): Window {
  const last = (until: number): Sample | undefined => samples.findLast(({ at }) => at <= until);
  const [from, to] = [last(second), last(second + WINDOW_SECONDS)];
  const cpu = (to?.cpuSeconds ?? 0) - (from?.cpuSeconds ?? 0);
  return {
    second,
    answered,
    p50Milliseconds: p50 / 1000,
    p99Milliseconds: p99 / 1000,
    cpuMicrosecondsPerRequest: answered === 0 ? 0 : (cpu / answered) * 1e6,
    stolenSeconds: (to?.stolenSeconds ?? 0) - (from?.stolenSeconds ?? 0),
  };
}
