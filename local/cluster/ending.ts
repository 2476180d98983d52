import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "../progress";
import { type ProcessIdentity, isAlive } from "../toolchain/process-identity";
import { readSupervisor } from "./info";

const STOP_MS = 30_000;
const POLL_MS = 200;

/** Resolves once a supervisor that is stopping has ended; it is killed where that takes too long. */
export async function ended(supervisor: ProcessIdentity, stopMs = STOP_MS): Promise<void> {
  const deadline = Date.now() + stopMs;
  while (isAlive(supervisor)) {
    // Everything in the sandbox dies with it.
    if (Date.now() > deadline) process.kill(supervisor.pid, "SIGKILL");
    await sleep(POLL_MS);
  }
}

/** Whether a cluster has a supervisor that stays. One that is stopping is waited for. */
export async function isOwned(directory: string, progress: Progress): Promise<boolean> {
  const supervisor = readSupervisor(directory);
  if (supervisor?.stopping !== true) return supervisor !== undefined;
  const step = progress.step("waiting for the embedded Kubernetes cluster to stop");
  await ended(supervisor);
  step.done();
  return false;
}
