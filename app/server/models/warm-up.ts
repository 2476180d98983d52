import { setImmediate as turn } from "node:timers/promises";
import type { Graph } from "../evaluator/graph";
import { agree, join, share } from "../evaluator/joining";
import type { ModelMetadata } from "../model-metadata";
import type { Tensor } from "../tensor";
import { toTensors } from "./examples";

export interface WarmUp {
  /** Of a run of one row: the fastest of a few, since others may have had the processor meanwhile. */
  readonly runMs: number;
  /** What another row in the same run adds. */
  readonly rowMs: number;
  /** Whether a row's answer doesn't depend on the rows beside it. */
  readonly joinable: boolean;
}

const REPEATS = { least: 2, most: 5 };
/** Repeats end after so much time, for models whose runs take long. */
const REPEAT_MS = 50;
/** A run so many times above a limit needs no repeat: no pause of the machine explains it. */
const FAR = 200;

/**
 * Whether a run of one row takes longer than `limitMs`, by as few runs as can be: the warm-up's would block the thread of a
 * slow model for seconds.
 * @throws Error when the graph can't evaluate the first example
 */
export async function isSlow(
  graph: Graph,
  { inputs, examples: [first] }: ModelMetadata,
  limitMs: number,
): Promise<boolean> {
  const request = toTensors(inputs, [first?.instance]);
  const known = (ms: number) => ms <= limitMs || ms > FAR * limitMs;
  return (await fastest(graph, request, known)) > limitMs;
}

/**
 * The first runs of a graph, which are slower than later ones: each example alone, then together.
 * @throws Error when it can't evaluate them, or answers otherwise than model.json says.
 */
export async function warmUp(graph: Graph, metadata: ModelMetadata): Promise<WarmUp> {
  const { inputs, outputs, examples } = metadata;
  const requests = examples.map(({ instance }) => toTensors(inputs, [instance]));
  const [first = []] = requests;
  const alike = requests.filter((request) => agree(first, request));
  if (alike.length === 1) alike.push(first);

  const alone: (readonly Tensor[])[] = [];
  for (const request of requests) alone.push(await check(graph, request, 1, outputs));
  const together = await check(graph, join(alike, alike.length), alike.length, outputs);
  const joinable = alike.every((request, i) => {
    const answer = alone[requests.indexOf(request)] as readonly Tensor[];
    return same(share(together, i, 1, alike.length), answer);
  });

  const runMs = await fastest(graph, first);
  const rows = runMs < 1 ? 32 : 4;
  const many = join(
    Array.from({ length: rows }, () => first),
    rows,
  );
  const manyMs = await fastest(graph, many);
  return { runMs, rowMs: Math.max(0, (manyMs - runMs) / (rows - 1)), joinable };
}

async function check(
  graph: Graph,
  request: readonly Tensor[],
  rows: number,
  promised: ModelMetadata["outputs"],
): Promise<readonly Tensor[]> {
  const answers = await graph.run(request);
  await turn();
  promised.forEach(({ name, shape: [, ...rest] }, i) => {
    const { shape = [] } = answers[i] ?? {};
    const fits =
      shape.length === rest.length + 1 &&
      shape[0] === rows &&
      rest.every((size, j) => size === -1 || size === shape[j + 1]);
    if (!fits)
      throw new Error(
        `output "${name}" is [${shape.join(",")}] for ${rows} rows of examples, ` +
          `not [${[rows, ...rest].join(",")}]`,
      );
  });
  return answers;
}

/** @param known whether the fastest so far is enough to know */
async function fastest(
  graph: Graph,
  request: readonly Tensor[],
  known: (ms: number) => boolean = () => false,
): Promise<number> {
  let least = Infinity;
  let spent = 0;
  for (let i = 0; i < REPEATS.most; i++) {
    if (i >= REPEATS.least && spent > REPEAT_MS) break;
    const ms = await measure(graph, request);
    // Sockets are read between two runs.
    await turn();
    spent += ms;
    least = Math.min(least, ms);
    if (known(least)) break;
  }
  return least;
}

/** Milliseconds of a run. */
async function measure(graph: Graph, request: readonly Tensor[]): Promise<number> {
  const began = performance.now();
  const running = graph.run(request);
  // Not for a run that is over: what others do in between doesn't count.
  if (running instanceof Promise) await running;
  return performance.now() - began;
}

/** Equal but for what other kernels for other sizes round differently. */
function same(one: readonly Tensor[], other: readonly Tensor[]): boolean {
  return one.every(({ data }, i) => {
    const { data: otherData = [] } = other[i] ?? {};
    if (data.length !== otherData.length) return false;
    for (let j = 0; j < data.length; j++) {
      const a = data[j];
      const b = otherData[j];
      if (Object.is(a, b)) continue;
      if (typeof a !== "number" || typeof b !== "number") return false;
      if (!(Math.abs(a - b) <= 1e-4 + 1e-3 * Math.abs(b))) return false;
    }
    return true;
  });
}
