import * as fs from "node:fs";

/** What a server and the processes it started use, of Linux' proc(5). */
export interface Usage {
  readonly processes: number;
  /** Resident memory, MB; pages that processes share count for each. */
  readonly residentMegabytes: number;
  /** The same with shared pages divided among those who share them. */
  readonly proportionalMegabytes: number;
  /** Processor time since they started, seconds. */
  readonly cpuSeconds: number;
}

/** By proc(5), CLK_TCK is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** `pid` and all below it, itself first; empty when it has ended. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of fs.readdirSync("/proc")) {
    const parent = /^\d+$/.test(entry) ? statOf(Number(entry))?.parent : undefined;
    if (parent !== undefined)
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = statOf(pid) === undefined ? [] : [pid];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i] ?? 0) ?? []));
  return tree;
}

export function usageOf(pid: number): Usage {
  const tree = processTree(pid);
  let residentKilobytes = 0;
  let proportionalKilobytes = 0;
  let ticks = 0;
  for (const one of tree) {
    const rollup = read(`/proc/${one}/smaps_rollup`);
    residentKilobytes += kilobytes(rollup, "Rss");
    proportionalKilobytes += kilobytes(rollup, "Pss");
    ticks += statOf(one)?.ticks ?? 0;
  }
  return {
    processes: tree.length,
    residentMegabytes: residentKilobytes / 1024,
    proportionalMegabytes: proportionalKilobytes / 1024,
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/** What the host of a virtual machine gave to others while `core` had work, since the machine started; 0 where it doesn't say. */
export function stolenSeconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(read("/proc/stat"))?.[1] ?? "";
  return Number(line.split(" ")[7] ?? 0) / TICKS_PER_SECOND;
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** Undefined for a process that has ended, zombies included. */
function statOf(pid: number): Stat | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (stat === "" || fields[0] === "Z") return undefined;
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

const kilobytes = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);

function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
