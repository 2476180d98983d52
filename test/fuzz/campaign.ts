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
  readonly memory: MemoryReport;
  readonly seconds: number;
}

/** What the resident memory may gain after the warm-up: the heap's own coming and going. */
const MAX_GAIN_MEBIBYTES = 24;
const SAMPLE_MS = 100;

/** Starts the server, puts `count` malformed requests to it, and looks whether anything about it gives way. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const findings = new Findings(options.report);
  const { server, world } = await serve();
  const began = performance.now();
  const memory = new Memory();
  try {
    const gone = new AbortController();
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
    const report = memory.report();
    if (report.end - report.warm > MAX_GAIN_MEBIBYTES)
      findings.add({
        id: undefined,
        kind: "memory",
        problem: `resident memory went from ${report.warm.toFixed(0)} to ${report.end.toFixed(0)} MiB`,
      });
    return { findings, memory: report, seconds: (performance.now() - began) / 1000 };
  } finally {
    await server.stop();
  }
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
  const look = (): void => {
    for (const line of server.takeFaults())
      findings.add({ id: undefined, kind: "log", problem: `it logged ${line.slice(0, 1000)}` });
    if (server.ended === undefined) memory.add(findings.cases, server.residentMebibytes());
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
