/** Memory and latency with more and more models loaded: copies of iris, all of them asked. */
import * as fs from "node:fs";
import * as path from "node:path";
import { AUTHORIZATION, jsonPost } from "./contenders";
import { ask, requestBytes } from "./http-request";
import type { Exchange } from "./load";
import { fitLine, type Line } from "./statistics";
import { copyModel } from "./prepare";
import { startEntry, WARMUP_SECONDS, type Bench, type Entry } from "./trial";

export interface ManyModels {
  readonly counts: readonly ModelCount[];
  /** MB over the number of models: what one costs is the slope. */
  readonly residentMegabytes: Line;
  /** Milliseconds over the number of models, one connection. */
  readonly p50Milliseconds: Line;
}

export interface ModelCount {
  readonly models: number;
  readonly startSeconds: number;
  /** Before the load. */
  readonly idleMegabytes: number;
  readonly residentMegabytes: number;
  readonly requestsPerSecond: number;
  /** Over one connection. */
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly errors: number;
}

const COUNTS = [1, 10, 50, 100];
/** Requests in turn, over all models. */
const REQUESTS = 200;

/** @param entry our server; its model is not used */
export async function measureManyModels(bench: Bench, entry: Entry): Promise<ManyModels> {
  const counts: ModelCount[] = [];
  for (const count of COUNTS) counts.push(await measure(bench, entry, count));
  return {
    counts,
    residentMegabytes: fitLine(
      counts.map(({ models, residentMegabytes }) => [models, residentMegabytes] as const),
    ),
    p50Milliseconds: fitLine(
      counts.map(({ models, p50Milliseconds }) => [models, p50Milliseconds] as const),
    ),
  };
}

async function measure(bench: Bench, entry: Entry, models: number): Promise<ModelCount> {
  const modelsDir = path.join(bench.work, "many", String(models));
  const names = Array.from({ length: models }, (_, i) => `iris-${String(i + 1).padStart(3, "0")}`);
  for (const name of names) copyModel("iris", path.join(modelsDir, name));
  const server = await startEntry(bench, { ...entry, model: { ...entry.model, modelsDir } });
  try {
    const idle = server.usage().residentMegabytes;
    const exchanges = await spreadRequests(server.port, entry, names);
    const plan = { port: server.port, exchanges, warmupSeconds: WARMUP_SECONDS };
    const { connections, seconds, generator } = bench;
    const load = await generator.run({ ...plan, connections, seconds });
    const single = await generator.run({ ...plan, connections: 1, seconds: seconds / 2 });
    return {
      models,
      startSeconds: server.startSeconds,
      idleMegabytes: idle,
      residentMegabytes: server.usage().residentMegabytes,
      requestsPerSecond: load.requestsPerSecond,
      p50Milliseconds: single.latency.p50 / 1000,
      p99Milliseconds: single.latency.p99 / 1000,
      errors: load.errors + single.errors,
    };
  } finally {
    await server.end();
    fs.rmSync(modelsDir, { recursive: true });
  }
}

async function spreadRequests(
  port: number,
  { model }: Entry,
  names: readonly string[],
): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const name = names[i % names.length] ?? "";
    const row = model.golden[i % model.golden.length]?.instance;
    const post = jsonPost(`/predict?model=${name}`, { instances: [row] }, AUTHORIZATION);
    exchanges.push({ send: requestBytes(post), answer: await ask(port, post) });
  }
  return exchanges;
}
