import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { ExitCode, UserError } from "../errors";
import { repositoryRoot } from "../paths";
import type { Progress, Step } from "../progress";
import { withLock } from "../toolchain/cache";
import { ended, isOwned } from "./ending";
import { type ClusterInfo, clusterDir, readClusterInfo, readSupervisor } from "./info";
import { checkMachine } from "./preconditions";
import { clusterSettings } from "./settings";
import {
  clearLeftovers,
  type SupervisorPlan,
  type SupervisorStatus,
} from "./supervisor/supervisor";
import { clusterTools } from "./tools";

export { type ClusterInfo, readClusterInfo } from "./info";
export { CLUSTER_TOOLS } from "./tools";

const START_MS = 180_000;
const POLL_MS = 200;

/**
 * Starts the embedded cluster, or finds it running; a start that was interrupted is finished.
 * @throws UserError when the machine can't run it, or with the failed component's last words
 */
export async function startCluster({ progress }: { progress: Progress }): Promise<ClusterInfo> {
  const running = readClusterInfo();
  if (running !== undefined) return running;
  await withLock("cluster", progress, () => launchUnlessRunning(progress));
  const step = progress.step("starting the embedded Kubernetes cluster");
  try {
    const info = await waitUntilReady(step);
    step.done(`Kubernetes ${info.kubernetesVersion}, API on 127.0.0.1:${info.ports.api}`);
    return info;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/**
 * Stops the cluster: no process, device, mount or control group is left.
 * @param o.remove also its data: etcd, images, certificates, logs. Default: false
 */
export async function stopCluster(o: { progress: Progress; remove?: boolean }): Promise<void> {
  const supervisor = readSupervisor(clusterDir());
  if (supervisor !== undefined) {
    const step = o.progress.step("stopping the embedded Kubernetes cluster");
    process.kill(supervisor.pid, "SIGTERM");
    await ended(supervisor);
    step.done();
  }
  const settings = clusterSettings();
  if (process.platform === "linux" && process.geteuid?.() === 0) {
    clearLeftovers(settings);
    fs.rmSync(settings.runDirectory, { recursive: true, force: true });
    removeIfEmpty(path.dirname(settings.runDirectory));
  }
  if (o.remove === true) {
    fs.rmSync(settings.directory, { recursive: true, force: true });
    removeIfEmpty(path.dirname(settings.directory));
  }
}

/** What the supervisor says of itself and its components; undefined where none runs. */
export async function clusterStatus(): Promise<SupervisorStatus | undefined> {
  if (readSupervisor(clusterDir()) === undefined) return undefined;
  const socketPath = path.join(clusterSettings().runDirectory, "control.sock");
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: "/status", timeout: 3000 }, (response) => {
      const status = text(response).then((body) => JSON.parse(body) as SupervisorStatus);
      // It may end in the middle of its answer.
      void status.catch(() => undefined).then(resolve);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(undefined));
  });
}

/** Directory of the logs, one file a component and `supervisor.log`. */
export function clusterLogs(): string {
  return path.join(clusterDir(), "logs");
}

async function launchUnlessRunning(progress: Progress): Promise<void> {
  const settings = clusterSettings();
  const { directory } = settings;
  if (await isOwned(directory, progress)) return;
  await checkMachine(settings);
  const tools = await clusterTools(settings, progress);
  const plan: SupervisorPlan = { settings, ...tools };
  fs.mkdirSync(path.join(directory, "logs"), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(directory, "plan.json"), JSON.stringify(plan, null, 2));
  fs.rmSync(path.join(directory, "error.txt"), { force: true });

  const log = fs.openSync(path.join(clusterLogs(), "supervisor.log"), "a");
  const program = path.join(repositoryRoot(), "dist", "supervisor.js");
  const child = spawn(process.execPath, ["--max-old-space-size=128", program, directory], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
  });
  fs.closeSync(log);
  child.unref();
  const failed = (): boolean => child.exitCode !== null || child.signalCode !== null;
  while (!failed() && readSupervisor(directory) === undefined) await sleep(20);
}

async function waitUntilReady(step: Step): Promise<ClusterInfo> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const info = readClusterInfo();
    if (info !== undefined) return info;
    if (readSupervisor(clusterDir()) === undefined) throw startFailed();
    const status = await clusterStatus();
    const waiting = status?.components.filter(({ state }) => state !== "healthy") ?? [];
    step.update(
      waiting.length === 0 ? "node and images" : waiting.map(({ name }) => name).join(", "),
    );
    await sleep(POLL_MS);
  }
  throw new UserError("the embedded cluster did not become ready within 3 minutes", {
    fix: `read the logs in ${clusterLogs()}, or start over: npm run down && npm run up`,
    exitCode: ExitCode.environment,
  });
}

function startFailed(): UserError {
  const file = path.join(clusterDir(), "error.txt");
  const log = path.join(clusterLogs(), "supervisor.log");
  const why = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : lastLine(log);
  return new UserError("the embedded cluster could not be started", {
    why,
    fix: `the logs are in ${clusterLogs()}`,
    exitCode: ExitCode.environment,
  });
}

function lastLine(file: string): string {
  if (!fs.existsSync(file)) return "its supervisor ended at once";
  return fs.readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "";
}

function removeIfEmpty(directory: string): void {
  try {
    fs.rmdirSync(directory);
  } catch {
    // Another cluster is in it, or it was never made.
  }
}
