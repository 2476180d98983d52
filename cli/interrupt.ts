import type { ChildProcess } from "node:child_process";
import { ExitCode } from "../local/errors";

/** npm passes a terminal's Ctrl-C on to us although we had it already: one press, two signals. */
const SAME_PRESS_MS = 700;

export interface Interruptible {
  readonly interrupted: boolean;
  /** Gives Ctrl-C its usual meaning back. */
  done(): void;
}

const guarded = new Set<object>();

/**
 * While `child` runs, the first Ctrl-C asks it to stop cleanly, a second one ends it at once.
 * SIGTERM and SIGHUP (a closed terminal) count as the first.
 */
export function onInterrupt(child: ChildProcess): Interruptible {
  const state = { interrupted: false, at: 0 };
  const handle = (): void => {
    const now = Date.now();
    if (state.interrupted && now - state.at < SAME_PRESS_MS) return;
    if (state.interrupted) {
      process.stderr.write("\nending at once; the next run repairs what was cut off\n");
      child.kill("SIGKILL");
      return;
    }
    state.interrupted = true;
    state.at = now;
    process.stderr.write(
      "\ninterrupted: finishing what has begun … (Ctrl-C again to end at once)\n",
    );
    child.kill("SIGINT");
  };
  guarded.add(child);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handle);
  return {
    get interrupted() {
      return state.interrupted;
    },
    done() {
      guarded.delete(child);
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, handle);
    },
  };
}

/**
 * For commands that run until they are ended: calls `stop` at the first SIGINT, SIGTERM or SIGHUP, and `end` at the next.
 *
 * @returns gives the signals their usual meaning back
 */
export function onStop(stop: (signal: NodeJS.Signals) => void, end: () => void): () => void {
  const guard = {};
  let at: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    const now = Date.now();
    if (at === undefined) stop(signal);
    else if (now - at >= SAME_PRESS_MS) end();
    at ??= now;
  };
  guarded.add(guard);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handle);
  return () => {
    guarded.delete(guard);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, handle);
  };
}

/** Ctrl-C anywhere else: every step can be run again, so it is enough to say so. */
export function installInterrupt(): void {
  process.on("SIGINT", () => {
    if (guarded.size > 0) return;
    process.stderr.write("\ninterrupted; run the same command again to continue\n");
    process.exit(ExitCode.interrupted);
  });
}
