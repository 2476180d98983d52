import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { UserError, ExitCode } from "../errors";
import { cacheDir } from "../paths";
import type { Progress } from "../progress";
import { isAlive, thisProcess, type ProcessIdentity } from "./process-identity";

/** What a tool's folder in the cache says of itself: `tool.json`, written last. */
export interface Receipt {
  version: string;
  source: "download" | "npm" | "go" | "debian" | "pip";
  /** Paths by executable name, relative to the folder. */
  bin: Record<string, string>;
}

export function toolFolder(name: string, key: string): string {
  return path.join(cacheDir(), "tools", name, key);
}

export function readReceipt(folder: string): Receipt | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, "tool.json"), "utf8")) as Receipt;
  } catch {
    return undefined;
  }
}

/**
 * Makes a cache folder: filled in this process's workspace, then renamed, so that it is there
 * complete or not at all. Whoever comes second keeps what the first made.
 */
export async function makeFolder(
  folder: string,
  fill: (place: { dir: string; folder: string }) => Promise<Receipt>,
): Promise<Receipt> {
  const dir = fs.mkdtempSync(path.join(workspace(), "tool-"));
  try {
    fs.chmodSync(dir, 0o755);
    const receipt = await fill({ dir, folder });
    fs.writeFileSync(path.join(dir, "tool.json"), JSON.stringify(receipt, undefined, 2));
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    const present = readReceipt(folder);
    if (present !== undefined) return present;
    // Without a receipt it isn't ours, or not of this version's making.
    if (fs.existsSync(folder)) fs.renameSync(folder, `${dir}-replaced`);
    fs.renameSync(dir, folder);
    return receipt;
  } finally {
    remove(dir);
    remove(`${dir}-replaced`);
  }
}

/** This process's folder for unfinished work, on the cache's file system. */
export function workspace(): string {
  const { pid, started } = thisProcess();
  const dir = path.join(cacheDir(), "tmp", `${pid}-${started}`);
  if (!fs.existsSync(dir)) {
    fs.mkdirSync(dir, { recursive: true });
    process.once("exit", () => remove(dir));
  }
  return dir;
}

/** Removes the workspaces of processes that were killed. */
export function removeAbandoned(): void {
  const parent = path.join(cacheDir(), "tmp");
  for (const entry of fs.existsSync(parent) ? fs.readdirSync(parent) : []) {
    const [pid = "", started = ""] = entry.split("-");
    if (!isAlive({ pid: Number(pid), started })) remove(path.join(parent, entry));
  }
}

export function remove(file: string): void {
  fs.rmSync(file, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Runs `work` while no other process holds the lock of that name. A lock spares work done twice;
 * `makeFolder` alone keeps the cache whole, so it is enough that taking over a dead owner's lock
 * is nearly free of races.
 */
export async function withLock<T>(
  name: string,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const file = path.join(locksDir(), name);
  fs.mkdirSync(locksDir(), { recursive: true });
  await acquire(file, name, progress);
  try {
    return await work();
  } finally {
    if (sameProcess(owner(file), thisProcess())) remove(file);
  }
}

/** Deletes everything this package ever wrote to the cache. */
export function purgeCache(): void {
  for (const name of fs.existsSync(locksDir()) ? fs.readdirSync(locksDir()) : []) {
    const holder = owner(path.join(locksDir(), name));
    if (holder !== undefined && isAlive(holder)) {
      throw new UserError("the tool cache is in use", {
        why: `process ${holder.pid} is making ${name}`,
        fix: `wait for it to end, or end it: kill ${holder.pid}`,
        exitCode: ExitCode.environment,
      });
    }
  }
  remove(cacheDir());
}

function locksDir(): string {
  return path.join(cacheDir(), "locks");
}

async function acquire(file: string, name: string, progress: Progress): Promise<void> {
  const mine = path.join(workspace(), `lock-${name}`);
  fs.writeFileSync(mine, JSON.stringify(thisProcess()));
  try {
    while (!tryLink(mine, file)) {
      const holder = owner(file);
      if (holder === undefined) continue;
      if (isAlive(holder)) await waitFor(file, holder, name, progress);
      else if (await takeOver(mine, file)) {
        progress.step(`taking over the lock of ${name}`).done(`process ${holder.pid} has ended`);
        return;
      }
    }
  } finally {
    remove(mine);
  }
}

/** A link, unlike a file opened for writing, appears with its contents. */
function tryLink(mine: string, file: string): boolean {
  try {
    fs.linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Of several that replace a dead owner's lock at once, the last one has it. */
async function takeOver(mine: string, file: string): Promise<boolean> {
  const copy = `${mine}-takeover`;
  fs.copyFileSync(mine, copy);
  fs.renameSync(copy, file);
  await sleep(100);
  return sameProcess(owner(file), thisProcess());
}

async function waitFor(
  file: string,
  holder: ProcessIdentity,
  name: string,
  progress: Progress,
): Promise<void> {
  const step = progress.step(`waiting for process ${holder.pid}, which is making ${name}`);
  while (isAlive(holder) && sameProcess(owner(file), holder)) await sleep(200);
  step.done();
}

/** Undefined: nobody's, or the file is gone. What can't be read belongs to no living process. */
function owner(file: string): ProcessIdentity | undefined {
  try {
    const { pid, started } = JSON.parse(fs.readFileSync(file, "utf8")) as ProcessIdentity;
    return { pid, started };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return missing ? undefined : { pid: 0, started: "" };
  }
}

function sameProcess(a: ProcessIdentity | undefined, b: ProcessIdentity): boolean {
  return a?.pid === b.pid && a.started === b.started;
}
