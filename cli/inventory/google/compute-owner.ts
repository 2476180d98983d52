/**
 * Whose a thing of Compute Engine is. Controllers of Kubernetes make balancers, firewall rules and disks that Pulumi never hears of, and
 * few of them take labels: what is in the stack's network or of its cluster is the stack's, and what bears the mark of either.
 */
import { type ComputeItem, nameIn, namespaceIn } from "./compute-item";
import type { Memory } from "../memory";
import type { GoogleStack } from "./stack";

/** What is known of a stack from what is in its network, or was when it was looked at before. */
export interface Evidence extends Pick<Memory, "clusterIds" | "balancers" | "certificates"> {
  /** Whether the cluster is there: what it takes along isn't told then. */
  readonly clusterLives: boolean;
}

/** `k8s2-<id>-…`, `k8s1-<id>-…`, with what it is between: https://github.com/kubernetes/ingress-gce/blob/master/pkg/utils/namer */
const CLUSTER_ID = /^k8s[12]-(?:[a-z]{2,4}-)?([0-9a-z]{8})-/;

/** Health check of all nodes, and the firewall rule for it: https://github.com/kubernetes/cloud-provider-gcp, gce_loadbalancer_naming.go */
const NODES_ID = /^k8s-([0-9a-f]+)-node(?:-http-hc)?$/;

const clusterIdIn = (name: string) => (CLUSTER_ID.exec(name) ?? NODES_ID.exec(name))?.[1];

/** Firewall rule of a balancer of the older kind, which is called like it: https://github.com/kubernetes/cloud-provider-gcp, gce_loadbalancer_naming.go */
const BALANCER_FIREWALL = /^k8s-fw-(a[0-9a-f]{31})$/;

/** What evidence is read from, as far as it could be listed. */
interface Listed {
  /** Firewall rules and endpoint groups, which always are in a network. */
  readonly inside: readonly ComputeItem[];
  readonly proxies: readonly ComputeItem[];
  readonly addresses: readonly ComputeItem[];
}

/** Adds to what is known what is there now. */
export function remember(stack: GoogleStack, memory: Memory, listed: Listed): void {
  for (const { name } of listed.inside.filter((item) => isInNetwork(stack, item))) {
    add(memory.clusterIds, clusterIdIn(name));
    add(memory.balancers, BALANCER_FIREWALL.exec(name)?.[1]);
  }
  for (const item of listed.proxies.filter((one) => isMadeByController(stack, memory, one)))
    for (const url of item.sslCertificates) add(memory.certificates, nameIn(url));
  for (const item of listed.addresses.filter((one) => isOwnAddress(stack, one)))
    add(memory.addresses, item.address);
}

function add(known: Set<string>, value: string | undefined): void {
  if (value !== undefined) known.add(value);
}

export const isInNetwork = (
  { name }: GoogleStack,
  { network, networkInterfaces = [] }: ComputeItem,
) => [network, ...networkInterfaces.map((its) => its.network)].some((url) => nameIn(url) === name);

export const isLabelled = ({ label }: GoogleStack, { labels }: ComputeItem) =>
  labels?.["modelport-stack"] === label;

/**
 * By name only while there is no label on it, which comes after it: names are put together, so that another stack's may be the same
 * (service `eu-iris` of `dev`, service `iris` of `dev-eu`).
 */
export const isOwnAddress = (stack: GoogleStack, item: ComputeItem) =>
  isLabelled(stack, item) ||
  (item.labels?.["modelport-stack"] === undefined &&
    stack.addresses.some(
      ({ name, description }) =>
        name === item.name && [undefined, "", description].includes(item.description),
    ));

/** GKE's own label: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/creating-managing-labels#automatically-applied-labels */
export const isOfCluster = ({ cluster }: GoogleStack, { labels }: ComputeItem) =>
  labels?.["goog-k8s-cluster-name"] === cluster;

/** A part of a balancer, or a disk, that a controller made. */
export const isMadeByController = (
  { namespace }: GoogleStack,
  { clusterIds, balancers }: Pick<Evidence, "clusterIds" | "balancers">,
  item: ComputeItem,
) =>
  namespaceIn(item) === namespace ||
  balancers.has(item.name) ||
  clusterIds.has(clusterIdIn(item.name) ?? "");
