import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stateDir } from "../local/paths";
import type { Progress } from "../local/progress";
import { processStart } from "./locks";

/** A change under way: which `pulumi` works for which of us. Left behind when we are killed. */
interface Run {
  cli: Identity;
  pulumi: Identity;
}

interface Identity {
  pid: number;
  started: number;
}

/** Set for `pulumi` and inherited by its plugins, which outlive a killed engine and can't be told otherwise. */
export const RUN_VARIABLE = "MODELPORT_RUN";

/** Plugins and the program; not what they may have started for good, such as a virtual machine. */
const PLUGIN_COMMAND = /pulumi|provider-(kubernetes|docker)/;

/** How long an abandoned update may take to stop cleanly. */
const GRACE_MS = 20_000;

/** Notes that `pulumi` works on the stack. @returns forgets it */
export function recordRun(stack: string, pulumi: number): () => void {
  const file = runFile(stack);
  const run: Run = { cli: identify(process.pid), pulumi: identify(pulumi) };
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, JSON.stringify(run));
  return () => fs.rmSync(file, { force: true });
}

/** Ends a `pulumi` that outlived the command that started it, so that its lock is nobody's. */
export async function endAbandoned(stack: string, progress: Progress): Promise<void> {
  const run = readRun(stack);
  if (run === undefined) return;
  if (runs(run.pulumi) && !runs(run.cli)) {
    const step = progress.step(
      `ending the update that a killed command left (process ${run.pulumi.pid})`,
    );
    signal(run.pulumi, "SIGINT");
    for (const end = Date.now() + GRACE_MS; runs(run.pulumi) && Date.now() < end;) await sleep(100);
    signal(run.pulumi, "SIGKILL");
    while (runs(run.pulumi)) await sleep(50);
    step.done();
  }
  if (runs(run.pulumi)) return;
  endPlugins(stack);
  fs.rmSync(runFile(stack), { force: true });
}

/** Value of {@link RUN_VARIABLE}: this stack of this user. */
export function runMark(stack: string): string {
  return `${stateDir()}:${stack}`;
}

/** Ends the plugins of an engine that was killed, before they go on changing things nobody notes. Linux only. */
export function endPlugins(stack: string): void {
  const marked = `${RUN_VARIABLE}=${runMark(stack)}`;
  for (const entry of fs.existsSync("/proc") ? fs.readdirSync("/proc") : []) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const environment = fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (environment.includes(marked) && PLUGIN_COMMAND.test(command))
        process.kill(pid, "SIGKILL");
    } catch {
      // Gone, or somebody else's.
    }
  }
}

export function runsFolder(): string {
  return path.join(stateDir(), "runs");
}

function runFile(stack: string): string {
  return path.join(runsFolder(), `${stack}.json`);
}

function readRun(stack: string): Run | undefined {
  try {
    return JSON.parse(fs.readFileSync(runFile(stack), "utf8")) as Run;
  } catch {
    return undefined;
  }
}

function identify(pid: number): Identity {
  return { pid, started: processStart(pid) ?? -1 };
}

function runs({ pid, started }: Identity): boolean {
  return processStart(pid) === started;
}

function signal(process_: Identity, name: NodeJS.Signals): void {
  if (!runs(process_)) return;
  try {
    process.kill(process_.pid, name);
  } catch {
    // Gone meanwhile.
  }
}
