import * as fs from "node:fs";
import * as path from "node:path";
import { stateDir } from "../paths";
import { type ProcessIdentity, isAlive } from "../toolchain/process-identity";

/** What a running embedded cluster tells the rest: written when it is healthy, removed when it stops. */
export interface ClusterInfo {
  name: string;
  kubernetesVersion: string;
  /** Path of a kubeconfig with administrator rights; its server is on 127.0.0.1. */
  kubeconfig: string;
  /** Where the forwarders listen: the API server, the registry and every NodePort. */
  host: "127.0.0.1";
  /** The node's own address, reachable from this machine only. */
  nodeAddress: string;
  /** Plain HTTP, no credentials; the same name works for this machine's dockerd and for the node. */
  registry: { server: string; insecure: true };
  /** The cluster's own Docker daemon, for image builds. */
  dockerHost: string;
  /** Directory of the Docker CLI that fits the daemon. */
  dockerCli: string;
  /** A Node image in the registry, for `FROM`. */
  baseImage: string;
  platform: "linux/amd64" | "linux/arm64";
  ports: { api: number; registry: number };
  /** The loopback addresses that Services of type LoadBalancer get; undefined: none get one here. */
  loadBalancer?: string;
  supervisor: ProcessIdentity;
}

export const DEFAULT_CLUSTER = "local";

/** `$XDG_STATE_HOME/modelport/clusters/<name>`: everything of a cluster but its tools. */
export function clusterDir(name: string = DEFAULT_CLUSTER): string {
  return path.join(stateDir(), "clusters", name);
}

export function clusterInfoPath(name: string = DEFAULT_CLUSTER): string {
  return path.join(clusterDir(name), "cluster.json");
}

/** The cluster's facts, or undefined while it is not running. */
export function readClusterInfo(name: string = DEFAULT_CLUSTER): ClusterInfo | undefined {
  try {
    const info = JSON.parse(fs.readFileSync(clusterInfoPath(name), "utf8")) as ClusterInfo;
    return isAlive(info.supervisor) ? info : undefined;
  } catch {
    return undefined;
  }
}

/** Every embedded cluster that runs here. */
export function runningClusters(): ClusterInfo[] {
  const clusters = path.dirname(clusterDir());
  if (!fs.existsSync(clusters)) return [];
  return fs.readdirSync(clusters).flatMap((name) => readClusterInfo(name) ?? []);
}

/** The owner of a cluster, as its file says. */
export interface SupervisorIdentity extends ProcessIdentity {
  /** It takes the cluster down, and ends then. */
  readonly stopping?: boolean;
}

export function supervisorPath(directory: string): string {
  return path.join(directory, "supervisor.json");
}

/** The live owner of the cluster, from the file it writes first; undefined where there is none. */
export function readSupervisor(directory: string): SupervisorIdentity | undefined {
  try {
    const file = supervisorPath(directory);
    const supervisor = JSON.parse(fs.readFileSync(file, "utf8")) as SupervisorIdentity;
    return isAlive(supervisor) ? supervisor : undefined;
  } catch {
    return undefined;
  }
}
