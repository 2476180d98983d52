import * as net from "node:net";
import type { ClusterSettings } from "../settings";

/** What a component needs to know to be started. Paths under `inside` are as the sandbox sees them. */
export interface Context {
  settings: ClusterSettings;
  /** The cluster's directory, as seen inside the sandbox. */
  inside: string;
  /** The directory of the logs, as seen by the supervisor. */
  logs: string;
  tools: ClusterTools;
  /** URL of the proxy to the outside, as the sandbox reaches it. */
  proxy?: string;
  /** Reads a URL on the node's address, with the cluster's CA and administrator certificate for https. */
  get: (url: string) => Promise<{ status: number; body: string }>;
}

/** Absolute paths of executables. */
export interface ClusterTools {
  kubernetes: string;
  etcd: string;
  coredns: string;
  pause: string;
  registry: string;
  containerd: string;
  dockerd: string;
  docker: string;
  tini: string;
  /** The folder of the plugins. */
  cniPlugins: string;
  /** PATH with what these call: runc, the shim, nft, ip. */
  path: string;
}

export interface Component {
  readonly name: string;
  /** Names of the components that must be healthy before this one starts. */
  readonly after: readonly string[];
  /** Writes the files the command reads. Called once, before anything starts. */
  configure?(context: Context): void;
  command(context: Context): { argv: string[]; env?: Record<string, string> };
  healthy(context: Context): Promise<boolean>;
}

/** Whether something accepts connections on a Unix socket. */
export function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
}
