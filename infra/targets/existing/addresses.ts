import type { ExistingConfig } from "../../config/targets/existing";
import { apiRequest, type KubeContext } from "../../kubeconfig";
import { isOffline } from "../../offline-mode";
import type { NodeAddress, ReachableFrom } from "../target";

interface NodeList {
  items?: { status?: { addresses?: { type: string; address: string }[] } }[];
}

/** The configured host, or what the cluster says of its nodes: loopback first where the API server is there too. */
export async function nodeAddresses(
  config: ExistingConfig,
  context: KubeContext,
): Promise<readonly NodeAddress[]> {
  const local = isLoopback(new URL(context.server).hostname);
  const describe = (host: string): NodeAddress => ({
    host,
    reachableFrom: placeOfHost(host, local),
  });
  if (config.nodeHost !== undefined) return [describe(config.nodeHost)];
  if (isOffline()) return [describe("192.0.2.1")];
  const { status, text } = await apiRequest(context, "/api/v1/nodes?limit=20");
  // Without the right to list nodes the proof goes through the API server.
  if (status !== 200) return [];
  const addresses = ((JSON.parse(text) as NodeList).items ?? []).flatMap(
    (node) => node.status?.addresses ?? [],
  );
  const hosts = ["ExternalIP", "InternalIP"].flatMap((type) =>
    addresses.filter((candidate) => candidate.type === type).map(({ address }) => address),
  );
  return [...new Set([...(local ? ["127.0.0.1"] : []), ...hosts])].slice(0, 6).map(describe);
}

/** Clusters whose API server is on loopback run on this machine (kind, k3d, Docker Desktop), and so do their nodes. */
export function placeOfHost(host: string, local = false): ReachableFrom {
  if (local || isLoopback(host)) return "machine";
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/.test(
    host,
  )
    ? "vpc"
    : "internet";
}

const isLoopback = (host: string) =>
  host === "localhost" || host === "[::1]" || host === "::1" || host.startsWith("127.");
