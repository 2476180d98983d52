import * as pulumi from "@pulumi/pulumi";
import { apiRequest, readContext } from "../../kubeconfig";
import type { NodeAddress } from "../target";

interface NodeList {
  items?: { status?: { addresses?: { type: string; address: string }[] } }[];
}

/** How many workers are tried. */
const MOST = 6;

/** Public addresses where workers have some (classic infrastructure), and those of the network. */
export function addressesIn(nodes: NodeList): NodeAddress[] {
  const all = (nodes.items ?? []).flatMap((node) => node.status?.addresses ?? []);
  const of = (kind: string, reachableFrom: NodeAddress["reachableFrom"]) =>
    all
      .filter(({ type }) => type === kind)
      .map(({ address }): NodeAddress => ({ host: address, reachableFrom }));
  const found = [...of("ExternalIP", "internet"), ...of("InternalIP", "vpc")];
  // A worker without a public address tells its private one as both.
  const first = found.filter(
    ({ host }, i) => i === found.findLastIndex((other) => other.host === host),
  );
  return first.slice(0, MOST);
}

/** Asked of the API server, in an update. */
export function nodeAddresses(
  kubeconfig: pulumi.Output<string>,
): pulumi.Output<readonly NodeAddress[]> {
  if (pulumi.runtime.isDryRun()) return pulumi.output([]);
  return pulumi.unsecret(kubeconfig).apply(async (text) => {
    const { status, text: answer } = await apiRequest(
      await readContext(text),
      "/api/v1/nodes?limit=20",
    );
    // Without the right to list nodes the proof goes through the API server.
    return status === 200 ? addressesIn(JSON.parse(answer) as NodeList) : [];
  });
}
