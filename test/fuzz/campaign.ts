import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fuzzFraming } from "./drivers/framing";
import { fuzzGrpc } from "./drivers/grpc";
import { fuzzHttp } from "./drivers/http";
import type { Plan } from "./drivers/plan";
import { type Finding, Findings } from "./findings";
import type { World } from "./generate/case";
import { type Protocol, protocols, SHARES } from "./generate/protocols";
import { Memory, type MemoryReport } from "./memory";
import { readSignature } from "./oracle/signature";
import { stageModels } from "./server/models";
import { ServerProcess } from "./server/process";

export interface CampaignOptions {
  /** How many cases, over all protocols. */
  readonly count: number;
  /** Everything that is sent follows from it. */
  readonly seed: number;
  /** Default: all. */
  readonly protocols?: readonly Protocol[];
  /** Called for the first findings of each kind, when they are there. */
  readonly report?: (finding: Finding) => void;
  /** Called twice a second with the number of cases done. */
  readonly progress?: (cases: number) => void;
}

export interface CampaignReport {
  readonly findings: Findings;
  /** Of the last pass. */
  readonly memory: MemoryReport;
  /** How often the cases were put, until a pass took no more memory. */
  readonly passes: number;
  readonly seconds: number;
}

/** What the resident memory may gain after the warm-up: the heap's own coming and going. */
const MAX_GAIN_MEBIBYTES = 24;
/** A heap finds its size within the first ones, whenever its collector grows it; a leak takes more in each. */
const MAX_PASSES = 4;
const SAMPLE_MS = 100;

/**
 * Starts the server, puts `count` malformed requests to it, and looks whether anything about it gives way. Where they
 * took memory, the same ones are put again: it is lost only if they take more each time.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const findings = new Findings(options.report);
  const { server, world } = await serve();
  const began = performance.now();
  try {
    for (let passes = 1; ; passes++) {
      const memory = await pass(server, world, findings, options);
      const { warm, end } = memory;
      const grew = end - warm > MAX_GAIN_MEBIBYTES;
      if (grew && passes < MAX_PASSES && server.ended === undefined) continue;
      if (grew)
        findings.add({
          id: undefined,
          kind: "memory",
          problem: `resident memory went from ${warm.toFixed(0)} to ${end.toFixed(0)} MiB in pass ${passes}`,
        });
      return { findings, memory, passes, seconds: (performance.now() - began) / 1000 };
    }
  } finally {
    await server.stop();
  }
}

/** Puts all cases once. */
async function pass(
  server: ServerProcess,
  world: World,
  findings: Findings,
  options: CampaignOptions,
): Promise<MemoryReport> {
  const gone = new AbortController();
  const memory = new Memory();
  const plan: Plan = {
    port: server.port,
    grpcPort: server.grpcPort,
    world,
    seed: options.seed,
    counts: countsOf(options),
    findings,
    underWay: new Set(),
    signal: gone.signal,
  };
  const watching = watch(server, plan, memory, gone, options.progress);
  await Promise.all([fuzzHttp(plan), fuzzFraming(plan), fuzzGrpc(plan)]);
  watching.stop();
  await watching.stopped;
  return memory.report();
}

/** The server with all models, and what the oracle knows of them. */
export async function serve(): Promise<{ server: ServerProcess; world: World }> {
  let world: World | undefined;
  const server = await ServerProcess.start((folder) => {
    world = readWorld(folder, stageModels(folder));
  });
  if (world === undefined) throw new Error("no models were staged");
  return { server, world };
}

/** The models of a folder as the oracle knows them, which is not by asking the server. */
export function readWorld(folder: string, names: readonly string[]): World {
  const models = names.map((name) => readSignature(path.resolve(folder), name));
  return { models, signatures: new Map(models.map((model) => [model.name, model])) };
}

function countsOf({
  count,
  protocols: chosen = protocols,
}: CampaignOptions): Map<Protocol, number> {
  const total = chosen.reduce((sum, protocol) => sum + SHARES[protocol], 0);
  const counts = new Map(
    chosen.map((protocol) => [protocol, Math.floor((count * SHARES[protocol]) / total)]),
  );
  const [first] = chosen;
  const made = [...counts.values()].reduce((sum, one) => sum + one, 0);
  if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + count - made);
  return counts;
}

/** Looks at the process while it is being fuzzed: alive, memory, faults in its log. */
function watch(
  server: ServerProcess,
  { findings, underWay }: Plan,
  memory: Memory,
  gone: AbortController,
  progress: CampaignOptions["progress"],
): { stop: () => void; stopped: Promise<void> } {
  let stopping = false;
  const before = findings.cases;
  const look = (): void => {
    for (const line of server.takeFaults())
      findings.add({ id: undefined, kind: "log", problem: `it logged ${line.slice(0, 1000)}` });
    if (server.ended === undefined) memory.add(findings.cases - before, server.residentMebibytes());
    else end();
  };
  const end = (): void => {
    if (gone.signal.aborted || stopping) return;
    const cases = [...underWay].slice(-100).join(" ");
    const problem = `it ended: ${String(server.ended)}; under way: ${cases}`;
    findings.add({ id: undefined, kind: "process", problem });
    gone.abort();
  };
  server.onExit(end);
  const run = async (): Promise<void> => {
    for (let i = 0; !stopping; i++) {
      look();
      if (i % 5 === 0) progress?.(findings.cases);
      await sleep(SAMPLE_MS);
    }
    look();
  };
  return { stop: () => (stopping = true), stopped: run() };
}
