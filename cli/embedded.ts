import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type ClusterInfo, clusterDir } from "../local/cluster/info";
import { stateDir } from "../local/paths";
import type { Session } from "./session";
import { readState } from "./state";
import { clusterStatus, readClusterInfo } from "../local/cluster/index";
import { checkMachine } from "../local/cluster/preconditions";
import { clusterSettings } from "../local/cluster/settings";

/** Targets whose cluster this CLI starts and stops. */
export function ownsCluster(target: string): boolean {
  return target === "embedded";
}

/** Before anything is fetched for it: can this machine run the embedded cluster? @throws UserError if not */
export async function checkEmbedded(): Promise<void> {
  if (readClusterInfo() !== undefined || (await clusterStatus()) !== undefined) return;
  await checkMachine(clusterSettings());
}

/**
 * A cluster that was deleted took everything in it along, but not the stack's state, which would make the next update believe
 * that all is there. The certificate authority tells clusters apart.
 *
 * @returns whether the stack's state was dropped
 */
export async function forgetLostCluster(session: Session, info: ClusterInfo): Promise<boolean> {
  const { stack, variables, progress, engine } = session;
  const now = authority(info.kubeconfig);
  const before = read(recordFile(stack));
  fs.mkdirSync(path.dirname(recordFile(stack)), { recursive: true, mode: 0o700 });
  fs.writeFileSync(recordFile(stack), now);
  const resources = readState(stack, variables)?.resources.length ?? 0;
  if (before === undefined || before === now || resources === 0) return false;
  const step = progress.step(`forgetting what stack ${stack} had in a cluster that is gone`);
  await engine.remove();
  step.done(`${resources} resources`);
  return true;
}

export function forgetRecord(stack: string): void {
  fs.rmSync(recordFile(stack), { force: true });
}

/** Other stacks that were brought up in the cluster that is here, be it that it is stopped: it is theirs too. Sorted. */
export function othersInCluster(stack: string): string[] {
  // A cluster that is stopped tells no facts.
  const kubeconfig =
    readClusterInfo()?.kubeconfig ?? path.join(clusterDir(), "kubeconfigs", "admin.conf");
  if (!fs.existsSync(kubeconfig) || !fs.existsSync(recordFolder())) return [];
  const now = authority(kubeconfig);
  return fs
    .readdirSync(recordFolder())
    .filter((other) => other !== stack && read(recordFile(other)) === now)
    .sort();
}

const recordFolder = () => path.join(stateDir(), "clusters-of-stacks");

function recordFile(stack: string): string {
  return path.join(recordFolder(), stack);
}

function authority(kubeconfig: string): string {
  const text = fs.readFileSync(kubeconfig, "utf8");
  const certificate = /certificate-authority-data:\s*(\S+)/.exec(text)?.[1] ?? text;
  return createHash("sha256").update(certificate).digest("hex");
}

function read(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}
