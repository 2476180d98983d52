/**
 * Whose a thing of Compute Engine is. Controllers of Kubernetes make balancers, firewall rules and disks that Pulumi never hears of, and
 * few of them take labels: what is in the stack's network or of its cluster is the stack's, and what bears the mark of either.
 */
import { type ComputeItem, nameIn, namespaceIn } from "./compute-item";
import type { GoogleStack } from "./stack";

/** What is known of a stack from what is in its network. */
export interface Evidence {
  /** The cluster's id, in the names of what its controllers made. */
  readonly clusterIds: ReadonlySet<string>;
  /** Names of balancers that firewall rules of the network are for. */
  readonly balancers: ReadonlySet<string>;
  /** Whether the cluster is there: what it takes along isn't told then. */
  readonly clusterLives: boolean;
}

/** `k8s2-<id>-…`, `k8s1-<id>-…`, with what it is between: https://github.com/kubernetes/ingress-gce/blob/master/pkg/utils/namer */
const CLUSTER_ID = /^k8s[12]-(?:[a-z]{2,4}-)?([0-9a-z]{8})-/;

/** Firewall rule of a balancer of the older kind, which is called like it: https://github.com/kubernetes/cloud-provider-gcp, gce_loadbalancer_naming.go */
const BALANCER_FIREWALL = /^k8s-fw-(a[0-9a-f]{31})$/;

/** @param inside firewall rules and endpoint groups, which always are in a network */
export function evidenceIn(
  stack: GoogleStack,
  inside: readonly ComputeItem[],
  clusterLives: boolean,
): Evidence {
  const names = inside.filter((item) => isInNetwork(stack, item)).map(({ name }) => name);
  return {
    clusterIds: new Set(names.flatMap((name) => CLUSTER_ID.exec(name)?.[1] ?? [])),
    balancers: new Set(names.flatMap((name) => BALANCER_FIREWALL.exec(name)?.[1] ?? [])),
    clusterLives,
  };
}

export const isInNetwork = (
  { name }: GoogleStack,
  { network, networkInterfaces = [] }: ComputeItem,
) => [network, ...networkInterfaces.map((its) => its.network)].some((url) => nameIn(url) === name);

export const isLabelled = ({ label }: GoogleStack, { labels }: ComputeItem) =>
  labels?.["modelport-stack"] === label;

/** GKE's own label: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/creating-managing-labels#automatically-applied-labels */
export const isOfCluster = ({ cluster }: GoogleStack, { labels }: ComputeItem) =>
  labels?.["goog-k8s-cluster-name"] === cluster;

/** A part of a balancer, or a disk, that a controller made. */
export const isMadeByController = (
  { namespace }: GoogleStack,
  { clusterIds, balancers }: Evidence,
  item: ComputeItem,
) =>
  namespaceIn(item) === namespace ||
  balancers.has(item.name) ||
  clusterIds.has(CLUSTER_ID.exec(item.name)?.[1] ?? "");
