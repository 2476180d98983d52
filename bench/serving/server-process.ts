import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../local/errors";
import { processTree, usageOf, type Usage } from "./process-tree";

/** How to start a server, and how to know that it is ready. */
export interface ServerCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly port: number;
  /** A GET here answers 200 once it serves. */
  readonly readiness: string;
}

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to the first 200 of its readiness. */
  readonly startSeconds: number;
  usage(): Usage;
  /** Asks it to end, waits, and kills what is left of it. */
  end(): Promise<void>;
}

/** A server that isn't ready by then isn't coming. */
const READY_WITHIN_MS = 60_000;
const POLL_MS = 2;
/** After SIGTERM. */
const END_WITHIN_MS = 5_000;

const running = new Set<ChildProcess>();

/** Starts a server on one core; its output goes to `log`. @throws UserError when it ends or isn't ready in time */
export async function startServer(
  { argv, env, cwd, port, readiness }: ServerCommand,
  core: number,
  log: string,
): Promise<RunningServer> {
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const output = fs.openSync(log, "w");
  const began = process.hrtime.bigint();
  const child = spawn("taskset", ["-c", String(core), ...argv], {
    cwd,
    env: { ...withoutOurs(process.env), ...env },
    stdio: ["ignore", output, output],
    // A group of its own, so that it is ended with everything it starts.
    detached: true,
  });
  fs.closeSync(output);
  running.add(child);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? code ?? "nothing"}`));
  });
  let problem: string | undefined;
  void ended.then((how) => (problem = how));
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answersOk(port, readiness))) {
    if (Date.now() > deadline) problem ??= `no 200 from ${readiness} within 60 s`;
    if (problem !== undefined) {
      await endServer(child, ended);
      throw new UserError(`${path.basename(argv[0] ?? "")} did not start`, {
        why: `${problem}: ${fs.readFileSync(log, "utf8").trim().split("\n").slice(-5).join("\n")}`,
        fix: `see ${log}`,
      });
    }
    await sleep(POLL_MS);
  }
  const startSeconds = Number(process.hrtime.bigint() - began) / 1e9;
  const pid = child.pid ?? 0;
  return {
    pid,
    port,
    startSeconds,
    usage: () => usageOf(pid),
    end: () => endServer(child, ended),
  };
}

/** For the process's own end, however it comes: nothing survives. */
export function killServers(): void {
  for (const child of running) {
    for (const pid of child.pid === undefined ? [] : processTree(child.pid)) kill(pid, "SIGKILL");
    if (child.pid !== undefined) kill(-child.pid, "SIGKILL");
  }
  running.clear();
}

async function endServer(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  const { pid } = child;
  if (pid !== undefined) {
    const tree = processTree(pid);
    kill(pid, "SIGTERM");
    await Promise.race([ended, sleep(END_WITHIN_MS, undefined, { ref: false })]);
    // Whatever it left behind: in its group, or in one that it made for a child.
    kill(-pid, "SIGKILL");
    const left = () => tree.filter((one) => processTree(one).length > 0);
    for (const one of left()) kill(one, "SIGKILL");
    await ended;
    // The signal comes back before the process is gone, and grandchildren send no "exit".
    for (const until = Date.now() + END_WITHIN_MS; left().length > 0 && Date.now() < until;)
      await sleep(POLL_MS);
  }
  running.delete(child);
}

/** Negative: a process group. One that is gone is what was wanted. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function answersOk(port: number, at: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, path: at, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.setTimeout(2000, () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

/** A developer's own PYTHONPATH or NODE_OPTIONS must not reach what is measured. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_|NODE_|PYTHON|VIRTUAL_ENV|OMP_|OTEL_)/i.test(name),
    ),
  );
}
