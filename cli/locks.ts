import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "../local/errors";
import { fileBackend, type Variables } from "./backend";
import { PROJECT } from "./state";

/** A lock of Pulumi's file backend (pkg/backend/diy/lock.go): one JSON file per running update. */
export interface Lock {
  file: string;
  pid: number;
  username: string;
  hostname: string;
  /** RFC 3339. */
  timestamp: string;
}

/** The kernel gives its start time in whole seconds, from which a process's start is reckoned. */
const CLOCK_ERROR_MS = 2000;

export type LockOwner = "dead" | "alive" | "elsewhere";

/** Locks of one stack, none for backends that aren't files. */
export function readLocks(stack: string, variables: Variables): Lock[] {
  const directory = fileBackend(variables["PULUMI_BACKEND_URL"] ?? "");
  if (directory === undefined) return [];
  const folder = path.join(directory, ".pulumi", "locks", "organization", PROJECT, stack);
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readLock(path.join(folder, name)));
}

/** Whose lock it is: the process is gone, still runs, or is on a machine we can't look into. */
export function lockOwner(lock: Lock, hostname = os.hostname()): LockOwner {
  if (lock.hostname !== hostname) return "elsewhere";
  const started = processStart(lock.pid);
  if (started === undefined) return "dead";
  // A process that began after the lock was written only has the number of the one that wrote it.
  return started > Date.parse(lock.timestamp) + CLOCK_ERROR_MS ? "dead" : "alive";
}

/**
 * Removes the locks of dead processes of this machine, one by one: `pulumi cancel` would take living ones with them.
 *
 * @returns the locks removed
 * @throws UserError if a lock of a living process, or of another machine, is left
 */
export function releaseStaleLocks(stack: string, variables: Variables): Lock[] {
  const locks = readLocks(stack, variables).map((lock) => ({ lock, owner: lockOwner(lock) }));
  const held = locks.find(({ owner }) => owner !== "dead");
  if (held !== undefined) throw heldError(stack, held.lock, held.owner);
  for (const { lock } of locks)
    for (const file of [lock.file, `${lock.file}.attrs`]) fs.rmSync(file, { force: true });
  return locks.map(({ lock }) => lock);
}

/** @returns when a process of this machine began, in ms since 1970; 0 if it runs but can't be asked; undefined if it doesn't run */
export function processStart(pid: number): number | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields after the command's name, which may hold spaces and brackets: state is the first, start time the 20th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return undefined;
    const bootSeconds = /^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1];
    const TICKS_PER_SECOND = 100;
    return Number(bootSeconds) * 1000 + (Number(fields[19]) / TICKS_PER_SECOND) * 1000;
  } catch {
    return 0;
  }
}

function readLock(file: string): Lock {
  try {
    return { ...(JSON.parse(fs.readFileSync(file, "utf8")) as Omit<Lock, "file">), file };
  } catch {
    // Cut off while it was written: nobody holds it.
    return { file, pid: 0, username: "", hostname: os.hostname(), timestamp: "" };
  }
}

function heldError(stack: string, lock: Lock, owner: LockOwner): UserError {
  const where =
    owner === "alive"
      ? `process ${lock.pid} on this machine`
      : `process ${lock.pid} on ${lock.hostname}`;
  return new UserError(`stack ${stack} is being changed by somebody else`, {
    why: `${where} (${lock.username}) holds it since ${lock.timestamp}`,
    fix:
      owner === "alive"
        ? `wait for it, or end it: kill -INT ${lock.pid}`
        : `wait for it; if you know that it is gone: pulumi cancel --yes --stack ${stack}`,
  });
}
