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

async function fastest(graph: Graph, request: readonly Tensor[]): Promise<number> {
  const began = performance.now();
  let least = Infinity;
  for (let i = 0; i < REPEATS.most; i++) {
    if (i >= REPEATS.least && performance.now() - began > REPEAT_MS) break;
    least = Math.min(least, await measure(graph, request));
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
