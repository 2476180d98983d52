import * as path from "node:path";
import type { Contender, PreparedModel, Variant } from "./contenders";
import { learnExchanges } from "./exchanges";
import type { Exchange, LoadGenerator, LoadReport } from "./load";
import type { Machine } from "./machine";
import { freePorts } from "./ports";
import type { Usage } from "./process-tree";
import { startServer, type RunningServer } from "./server-process";

/** What all measurements share. */
export interface Bench {
  readonly machine: Machine;
  readonly generator: LoadGenerator;
  readonly environments: ReadonlyMap<string, string>;
  /** Removed afterwards. */
  readonly work: string;
  readonly connections: number;
  readonly seconds: number;
}

/** A contender with a model and a way to set it up. */
export interface Entry {
  readonly contender: Contender;
  readonly model: PreparedModel;
  readonly variant: Variant;
  /** Of the constant answer. */
  readonly answer: string;
}

/** One run of one contender: started, loaded, measured, ended. */
export interface Trial {
  readonly startSeconds: number;
  readonly load: LoadReport;
  /** Over one connection, where it was asked for. */
  readonly single?: LoadReport;
  /** After the load. */
  readonly usage: Usage;
  /** Of its core, during the load: below 1 the core went to others, or the load was too small. */
  readonly coreShare: number;
}

/** Under load, before anything is measured: until then compilers still work beside the server, on its one core. */
export const WARMUP_SECONDS = 5;

/** Requests with their answers, learned once: every round sends the same ones and wants the same bytes back. */
const learned = new Map<string, readonly Exchange[]>();

export async function startEntry(bench: Bench, entry: Entry): Promise<RunningServer> {
  const { contender, model, variant, answer } = entry;
  const [port = 0, second = 0, third = 0] = await freePorts(3);
  const folder = path.join(bench.work, "servers", `${contender.name}-${model.name}`);
  const environment = bench.environments.get(contender.name) ?? "";
  const start = { port, otherPorts: [second, third] as const, model, folder, environment, answer };
  const command = { ...contender.command(start, variant), port };
  return startServer(command, bench.machine.serverCore, path.join(folder, "server.log"));
}

export async function exchangesOf(entry: Entry, port: number): Promise<readonly Exchange[]> {
  const { contender, model, variant } = entry;
  const key = `${contender.name} ${model.name} ${variant.name}`;
  const known = learned.get(key) ?? (await learnExchanges(contender, model, port));
  learned.set(key, known);
  return known;
}

/** @param single seconds over one connection; 0: none */
export async function runTrial(bench: Bench, entry: Entry, single: number): Promise<Trial> {
  const server = await startEntry(bench, entry);
  try {
    const exchanges = await exchangesOf(entry, server.port);
    const { port, startSeconds } = server;
    const plan = { port, exchanges, warmupSeconds: WARMUP_SECONDS };
    const { connections, seconds, generator } = bench;
    const before = { cpuSeconds: server.usage().cpuSeconds, at: Date.now() };
    const load = await generator.run({ ...plan, connections, seconds });
    const usage = server.usage();
    const coreShare = (1000 * (usage.cpuSeconds - before.cpuSeconds)) / (Date.now() - before.at);
    if (single === 0) return { startSeconds, load, usage, coreShare };
    const alone = { ...plan, connections: 1, seconds: single, warmupSeconds: WARMUP_SECONDS / 3 };
    return { startSeconds, load, usage, coreShare, single: await generator.run(alone) };
  } finally {
    await server.end();
  }
}

/** The fastest way to set a contender up, and what each gave. */
export async function bestVariant(
  bench: Bench,
  entries: readonly Entry[],
): Promise<{ best: Entry; requestsPerSecond: Record<string, number> }> {
  const [first] = entries;
  if (first === undefined) throw new RangeError("no variant to choose from");
  const requestsPerSecond: Record<string, number> = {};
  let best = first;
  for (const entry of entries) {
    const { load } = await runTrial({ ...bench, seconds: Math.min(2, bench.seconds) }, entry, 0);
    const got = load.errors > 0 ? 0 : load.requestsPerSecond;
    requestsPerSecond[entry.variant.name] = got;
    if (got > (requestsPerSecond[best.variant.name] ?? 0)) best = entry;
  }
  return { best, requestsPerSecond };
}
