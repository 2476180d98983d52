import * as fs from "node:fs";
import * as path from "node:path";

import { ExitCode, UserError } from "../errors";
import { cacheDir } from "../paths";
import type { Progress, Step } from "../progress";
import {
  makeFolder,
  readReceipt,
  remove,
  removeAbandoned,
  toolFolder,
  withLock,
  workspace,
  type Receipt,
} from "./cache";
import { debianSource } from "./sources/debian";
import { downloadSource } from "./sources/download";
import { goCaches, goSource } from "./sources/go";
import { npmSource } from "./sources/npm";
import { findOnPath } from "./sources/path";
import type { Obstacle, Place, Source } from "./sources/source";
import { toolTable, type ToolName, type ToolSpec } from "./table";

export interface Tool {
  name: ToolName;
  version: string;
  source: "path" | Receipt["source"];
  /** The folder it lives in; of a tool on PATH, its first executable's. */
  dir: string;
  /** Absolute paths by executable name. */
  bin: Record<string, string>;
}

export interface EnsureOptions {
  progress: Progress;
}

/** Bytes: Go's caches grow to 7 GB until everything is built; the tools themselves are smaller. */
const SPACE = { building: 8e9, fetching: 1e9 };

/** A source with what the table says of one tool. */
interface Way {
  kind: Receipt["source"];
  doing: string;
  key: string;
  obstacle(): Promise<Obstacle | undefined>;
  fetch(place: Place, step: Step): Promise<Receipt>;
}

/**
 * Finds the tools on PATH or in the cache, and makes those that are missing: see the table for
 * where each comes from.
 *
 * @throws UserError with exit code 3, before any long work where that can be known: no source
 * works here (each said why), no space. After it: a download that fails, a wrong checksum.
 */
export async function ensureTools<Name extends ToolName>(
  names: readonly Name[],
  { progress }: EnsureOptions,
): Promise<Record<Name, Tool>> {
  const tools = new Map<ToolName, Tool>();
  const missing: ToolName[] = [];
  for (const name of new Set(names)) {
    const tool = (await onPath(name)) ?? inCache(name);
    if (tool === undefined) missing.push(name);
    else tools.set(name, tool);
  }
  if (missing.length > 0) {
    for (const tool of await makeAll(missing, progress)) tools.set(tool.name, tool);
  }
  return Object.fromEntries(tools) as Record<Name, Tool>;
}

async function onPath(name: ToolName): Promise<Tool | undefined> {
  const { bin, path: spec }: ToolSpec = toolTable[name];
  const found = spec === undefined ? undefined : await findOnPath(bin, spec);
  if (found === undefined) return undefined;
  const dir = path.dirname(found.bin[bin[0] ?? ""] ?? "");
  return { name, version: found.version, source: "path", dir, bin: found.bin };
}

function inCache(name: ToolName): Tool | undefined {
  for (const { key } of waysTo(toolTable[name])) {
    const folder = folderOf(name, key);
    const receipt = readReceipt(folder);
    if (receipt !== undefined) return toolAt(name, folder, receipt);
  }
  return undefined;
}

function folderOf(name: ToolName, key: string): string {
  const { cachedAs }: ToolSpec = toolTable[name];
  return toolFolder(cachedAs ?? name, key);
}

function toolAt(name: ToolName, dir: string, { version, source, bin }: Receipt): Tool {
  const absolute = Object.entries(bin).map(([one, file]) => [one, path.join(dir, file)]);
  return { name, version, source, dir, bin: Object.fromEntries(absolute) as typeof bin };
}

/** In the order of preference; PATH, which makes nothing, comes before all of them. */
function waysTo({ download, npm, go, debian }: ToolSpec): Way[] {
  const ways: Way[] = [];
  const add = <Spec>(source: Source<Spec>, spec: Spec | undefined) => {
    if (spec === undefined) return;
    ways.push({
      kind: source.kind,
      doing: source.doing,
      key: source.key(spec),
      obstacle: () => source.obstacle(spec),
      fetch: (place, step) => source.fetch(spec, place, step),
    });
  };
  add(downloadSource, download);
  add(npmSource, npm);
  add(goSource, go);
  add(debianSource, debian);
  return ways;
}

async function makeAll(names: ToolName[], progress: Progress): Promise<Tool[]> {
  removeAbandoned();
  const step = progress.step(`looking for sources of ${names.join(", ")}`);
  let chosen: { name: ToolName; way: Way }[];
  try {
    chosen = await Promise.all(names.map(async (name) => ({ name, way: await choose(name) })));
    requireSpace(chosen.some(({ way }) => way.kind === "go") ? SPACE.building : SPACE.fetching);
    step.done();
  } catch (error) {
    step.fail();
    throw error;
  }
  const built = chosen.filter(({ way }) => way.kind === "go");
  const others = chosen.filter(({ way }) => way.kind !== "go");
  const results = await Promise.allSettled([
    ...(built.length === 0 ? [] : [withLock("go", progress, () => buildAll(built, progress))]),
    inTurn(others, progress),
  ]);
  for (const result of results) if (result.status === "rejected") throw explained(result.reason);
  return results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
}

/** Builds share Go's caches, which are of no use afterwards and take gigabytes. */
async function buildAll(
  chosen: { name: ToolName; way: Way }[],
  progress: Progress,
): Promise<Tool[]> {
  const tools = await Promise.all(chosen.map(({ name, way }) => make(name, way, progress)));
  const trash = path.join(workspace(), "go");
  const { ours } = goCaches();
  if (fs.existsSync(ours)) fs.renameSync(ours, trash);
  remove(trash);
  return tools;
}

async function inTurn(chosen: { name: ToolName; way: Way }[], progress: Progress): Promise<Tool[]> {
  const tools: Tool[] = [];
  for (const { name, way } of chosen) tools.push(await make(name, way, progress));
  return tools;
}

async function make(name: ToolName, way: Way, progress: Progress): Promise<Tool> {
  const { cachedAs, version, buildMinutes }: ToolSpec = toolTable[name];
  const folder = folderOf(name, way.key);
  return withLock(cachedAs ?? name, progress, async () => {
    const present = readReceipt(folder);
    if (present !== undefined) return toolAt(name, folder, present);
    const long = way.kind === "go" && buildMinutes !== undefined;
    const hint = long ? ` (about ${buildMinutes} min, once)` : "";
    const step = progress.step(`${name} ${version}: ${way.doing}${hint}`);
    try {
      const receipt = await makeFolder(folder, (place) => way.fetch(place, step));
      step.done();
      return toolAt(name, folder, receipt);
    } catch (error) {
      step.fail();
      throw error;
    }
  });
}

/** The first way that works here. */
async function choose(name: ToolName): Promise<Way> {
  const { version, linuxOnly, path: onPathSpec }: ToolSpec = toolTable[name];
  if (linuxOnly === true && process.platform !== "linux") {
    throw new UserError(`${name} runs on Linux only`, {
      why: `this is ${process.platform}: everything but the embedded cluster works here`,
      fix: "use a cluster that you have: `npm run up -- --stack dev` (minikube), or a stack whose target is existing, gke, iks or openshift",
      exitCode: ExitCode.environment,
    });
  }
  const obstacles: Obstacle[] = [];
  if (onPathSpec !== undefined) obstacles.push({ why: "not on PATH in a fitting version" });
  for (const way of waysTo(toolTable[name])) {
    const obstacle = await way.obstacle();
    if (obstacle === undefined) return way;
    obstacles.push(obstacle);
  }
  const fixes = new Set(obstacles.map(({ fix }) => fix).filter((fix) => fix !== undefined));
  throw new UserError(`${name} (${version}) can't be had on this machine`, {
    why: obstacles.map(({ why }) => why).join("; "),
    fix: fixes.size === 0 ? `install ${name} and put it on PATH` : [...fixes].join("; or "),
    exitCode: ExitCode.environment,
  });
}

/** @throws UserError when the cache's file system has less than that free, in bytes */
export function requireSpace(needed: number): void {
  fs.mkdirSync(cacheDir(), { recursive: true });
  const { bavail, bsize } = fs.statfsSync(cacheDir());
  if (bavail * bsize < needed) throw noSpace(needed, bavail * bsize);
}

function noSpace(needed: number, available: number): UserError {
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  return new UserError("the disk of the tool cache is too full", {
    why: `${gigabytes(needed)} GB are needed in ${cacheDir()}, ${gigabytes(available)} GB are free`,
    fix: "free some space, or set XDG_CACHE_HOME to a folder on a larger disk",
    exitCode: ExitCode.environment,
  });
}

/** A disk that filled up meanwhile shows in many ways, but always with these words. */
function explained(error: unknown): unknown {
  const said = error instanceof UserError ? `${error.message} ${error.why ?? ""}` : String(error);
  if (!/no space left|ENOSPC|disk quota/i.test(said)) return error;
  const { bavail, bsize } = fs.statfsSync(cacheDir());
  return noSpace(SPACE.building, bavail * bsize);
}
