import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type ClusterInfo, clusterDir } from "../local/cluster/info";
import { stateDir } from "../local/paths";
import type { Session } from "./session";
import { ownBackend, type Variables } from "./backend";
import { PROJECT, readState, stacksInBackend } from "./state";
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
  const before = recordOf(stack);
  fs.mkdirSync(recordFolder(), { recursive: true, mode: 0o700 });
  const record: ClusterRecord = { authority: now, backend: backendOf(variables) };
  fs.writeFileSync(recordFile(stack), JSON.stringify(record));
  const resources = readState(stack, variables)?.resources.length ?? 0;
  if (before === undefined || before.authority === now || resources === 0) return false;
  const step = progress.step(`forgetting what stack ${stack} had in a cluster that is gone`);
  await engine.remove();
  step.done(`${resources} resources`);
  return true;
}

export function forgetRecord(stack: string): void {
  fs.rmSync(recordFile(stack), { force: true });
}

/** Whether a stack was brought up in a cluster that is not the one that is here. */
export function isOfLostCluster(stack: string): boolean {
  const record = recordOf(stack);
  return record !== undefined && record.authority !== authorityHere();
}

/**
 * Other stacks in the cluster that is here, be it that it is stopped: it is theirs too. Sorted.
 * Of our own backend those that have something in it: plain `pulumi` writes no record, and takes none away.
 */
export function othersInCluster(stack: string): string[] {
  const now = authorityHere();
  if (now === undefined) return [];
  const own: Variables = { PULUMI_BACKEND_URL: ownBackend() };
  const known = stacksInBackend(own)
    .filter((name) => path.dirname(name) === PROJECT)
    .map((name) => path.basename(name));
  const inOwn = known.filter(
    (name) => (recordOf(name)?.authority ?? now) === now && isInEmbedded(name, own),
  );
  const elsewhere = (fs.existsSync(recordFolder()) ? fs.readdirSync(recordFolder()) : []).filter(
    (name) => {
      const record = recordOf(name);
      return record?.authority === now && record.backend !== backendOf(own);
    },
  );
  const others = new Set([...inOwn, ...elsewhere]);
  others.delete(stack);
  return [...others].sort();
}

/** Whether a stack's state has what the target makes first of all. */
function isInEmbedded(stack: string, variables: Variables): boolean {
  try {
    const resources = readState(stack, variables)?.resources ?? [];
    return resources.some(({ urn }) => urn.endsWith("::pulumi:providers:kubernetes::embedded"));
  } catch {
    // What can't be read isn't known to be elsewhere.
    return true;
  }
}

/** Where a stack was brought up last. */
interface ClusterRecord {
  readonly authority: string;
  readonly backend: string;
}

function recordOf(stack: string): ClusterRecord | undefined {
  try {
    return JSON.parse(fs.readFileSync(recordFile(stack), "utf8")) as ClusterRecord;
  } catch {
    return undefined;
  }
}

const recordFolder = () => path.join(stateDir(), "clusters-of-stacks");

function recordFile(stack: string): string {
  return path.join(recordFolder(), stack);
}

/** Not as it stands: a backend's URL may hold a password. */
function backendOf(variables: Variables): string {
  return sha256(variables["PULUMI_BACKEND_URL"] ?? "");
}

/** Of the cluster that is here, running or stopped; undefined where there is none. */
function authorityHere(): string | undefined {
  // A cluster that is stopped tells no facts.
  const kubeconfig =
    readClusterInfo()?.kubeconfig ?? path.join(clusterDir(), "kubeconfigs", "admin.conf");
  return fs.existsSync(kubeconfig) ? authority(kubeconfig) : undefined;
}

function authority(kubeconfig: string): string {
  const text = fs.readFileSync(kubeconfig, "utf8");
  return sha256(/certificate-authority-data:\s*(\S+)/.exec(text)?.[1] ?? text);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
