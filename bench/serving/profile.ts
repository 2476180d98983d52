/** Where our server's time goes: V8's sampling profile of one run under load. */
import * as fs from "node:fs";
import * as path from "node:path";
import { exchangesOf, startEntry, WARMUP_SECONDS, type Bench, type Entry } from "./trial";

/** A function's own time, without that of what it calls. */
export interface SelfTime {
  readonly name: string;
  /** Of all samples but the idle ones. */
  readonly share: number;
}

export interface Profile {
  readonly requestsPerSecond: number;
  readonly functions: readonly SelfTime[];
}

/** V8's format, as much of it as is read. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export async function profile(bench: Bench, entry: Entry): Promise<Profile> {
  const folder = path.join(bench.work, "profile");
  const { contender } = entry;
  const profiled: Entry = {
    ...entry,
    contender: {
      ...contender,
      command: (start, variant) => {
        const command = contender.command(start, variant);
        const [node = "", ...rest] = command.argv;
        return { ...command, argv: [node, "--cpu-prof", `--cpu-prof-dir=${folder}`, ...rest] };
      },
    },
  };
  const server = await startEntry(bench, profiled);
  const ready = Date.now();
  let requestsPerSecond = 0;
  let warmMilliseconds = 0;
  try {
    const exchanges = await exchangesOf(entry, server.port);
    const { connections, seconds } = bench;
    const plan = { port: server.port, exchanges, connections, seconds };
    warmMilliseconds = Date.now() - ready + 1000 * (server.startSeconds + WARMUP_SECONDS);
    ({ requestsPerSecond } = await bench.generator.run({ ...plan, warmupSeconds: WARMUP_SECONDS }));
  } finally {
    // It writes the profile as it exits.
    await server.end();
  }
  const [file] = fs.readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error("the server left no profile: it didn't exit by itself");
  const written = JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as CpuProfile;
  return { requestsPerSecond, functions: selfTimes(written, 1000 * warmMilliseconds) };
}

/** By function, most first. @param from microseconds after the profile's start: loading and compiling come before */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, from = 0): SelfTime[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let total = 0;
  let at = 0;
  samples.forEach((id, i) => {
    const name = names.get(id) ?? "(unknown)";
    const delta = Math.max(0, timeDeltas[i] ?? 0);
    at += delta;
    if (name === "(idle)" || at < from) return;
    total += delta;
    times.set(name, (times.get(name) ?? 0) + delta);
  });
  return [...times]
    .map(([name, time]) => ({ name, share: total === 0 ? 0 : time / total }))
    .sort((one, other) => other.share - one.share);
}

function nameOf({
  functionName,
  url,
  lineNumber,
}: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name} ${path.basename(url)}:${lineNumber + 1}`;
}
