import { nameIn, type ComputeItem } from "./compute-item";
import {
  isInNetwork,
  isOwnAddress,
  isMadeByController,
  isOfCluster,
  type Evidence,
} from "./compute-owner";
import type { GoogleStack } from "./stack";

/** A list of Compute Engine's, and what of it is a stack's. */
export interface ComputeKind {
  /** Below the project: https://docs.cloud.google.com/compute/docs/reference/rest/v1 */
  readonly path: `${"aggregated" | "global"}/${string}`;
  /** In words, one of it. */
  readonly kind: string;
  /** `gcloud compute <group> delete`. */
  readonly group: string;
  readonly isOurs: (stack: GoogleStack, item: ComputeItem, evidence: Evidence) => boolean;
}

const ofController = (stack: GoogleStack, item: ComputeItem, evidence: Evidence) =>
  isInNetwork(stack, item) || isMadeByController(stack, evidence, item);

/** Those that Google manages tell nothing but the host, which may have moved to others: only who shows them tells whose they are. */
const certificate = (stack: GoogleStack, item: ComputeItem, evidence: Evidence) =>
  isMadeByController(stack, evidence, item) || evidence.certificates.has(item.name);

/** While the cluster is there, its nodes go with it. */
const ofNodes = (stack: GoogleStack, item: ComputeItem, { clusterLives }: Evidence) =>
  !clusterLives && (isInNetwork(stack, item) || isOfCluster(stack, item));

/** Likewise their disks; but not those of claims: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/deleting-a-cluster */
const ofClaims = (stack: GoogleStack, item: ComputeItem, evidence: Evidence) =>
  isMadeByController(stack, evidence, item) ||
  (isOfCluster(stack, item) && (item.name.startsWith("pvc-") || !evidence.clusterLives));

/** What GKE makes for its nodes, it takes along. */
const firewall = (stack: GoogleStack, item: ComputeItem, { clusterLives }: Evidence) =>
  isInNetwork(stack, item) && !(clusterLives && item.name.startsWith("gke-"));

/** Those that come and go with a network or a subnetwork can't be deleted. */
const route = (stack: GoogleStack, item: ComputeItem) =>
  isInNetwork(stack, item) &&
  item.nextHopNetwork === undefined &&
  item.nextHopPeering === undefined &&
  !item.name.startsWith("default-route-");

const address = (stack: GoogleStack, item: ComputeItem, evidence: Evidence) =>
  isOwnAddress(stack, item) || isMadeByController(stack, evidence, item);

/** In the order in which they can be removed: what uses something stands before it. */
export const COMPUTE_KINDS: readonly ComputeKind[] = [
  {
    path: "aggregated/forwardingRules",
    kind: "forwarding rule",
    group: "forwarding-rules",
    isOurs: ofController,
  },
  {
    path: "aggregated/targetHttpsProxies",
    kind: "HTTPS proxy",
    group: "target-https-proxies",
    isOurs: ofController,
  },
  {
    path: "aggregated/targetHttpProxies",
    kind: "HTTP proxy",
    group: "target-http-proxies",
    isOurs: ofController,
  },
  { path: "aggregated/urlMaps", kind: "URL map", group: "url-maps", isOurs: ofController },
  {
    path: "aggregated/sslCertificates",
    kind: "certificate",
    group: "ssl-certificates",
    isOurs: certificate,
  },
  {
    path: "aggregated/targetPools",
    kind: "target pool",
    group: "target-pools",
    isOurs: ofController,
  },
  {
    path: "aggregated/backendServices",
    kind: "backend service",
    group: "backend-services",
    isOurs: ofController,
  },
  {
    path: "aggregated/healthChecks",
    kind: "health check",
    group: "health-checks",
    isOurs: ofController,
  },
  {
    path: "global/httpHealthChecks",
    kind: "legacy health check",
    group: "http-health-checks",
    isOurs: ofController,
  },
  {
    path: "aggregated/networkEndpointGroups",
    kind: "network endpoint group",
    group: "network-endpoint-groups",
    isOurs: ofController,
  },
  {
    path: "aggregated/instanceGroups",
    kind: "instance group",
    group: "instance-groups unmanaged",
    isOurs: ofNodes,
  },
  { path: "aggregated/instances", kind: "machine", group: "instances", isOurs: ofNodes },
  { path: "aggregated/disks", kind: "disk", group: "disks", isOurs: ofClaims },
  { path: "aggregated/addresses", kind: "address", group: "addresses", isOurs: address },
  { path: "global/firewalls", kind: "firewall rule", group: "firewall-rules", isOurs: firewall },
  { path: "global/routes", kind: "route", group: "routes", isOurs: route },
  { path: "aggregated/routers", kind: "router", group: "routers", isOurs: isInNetwork },
  {
    path: "aggregated/subnetworks",
    kind: "subnetwork",
    group: "networks subnets",
    isOurs: isInNetwork,
  },
  {
    path: "global/networks",
    kind: "network",
    group: "networks",
    isOurs: ({ name }, item) => item.name === name,
  },
];

/** Kinds that always are in a network. */
export const INSIDE = ["global/firewalls", "aggregated/networkEndpointGroups"] as const;

/** Those that can be in a region too want to be told that they are not. */
const placeFlag = ({ path }: ComputeKind) => (path.startsWith("global/") ? "" : " --global");

export const placeOf = ({ zone, region }: ComputeItem) =>
  nameIn(zone) ?? nameIn(region) ?? "global";

/** Kinds that controllers in a cluster make and remove, and nobody else. */
export const CONTROLLERS_KINDS: ReadonlySet<string> = new Set(
  COMPUTE_KINDS.filter(({ isOurs }) => isOurs === ofController || isOurs === firewall).map(
    ({ kind }) => kind,
  ),
);

/** https://docs.cloud.google.com/sdk/gcloud/reference/compute */
export function removal(project: string, kind: ComputeKind, item: ComputeItem): string {
  const [zone, region] = [nameIn(item.zone), nameIn(item.region)];
  const place =
    zone !== undefined
      ? ` --zone ${zone}`
      : region !== undefined
        ? ` --region ${region}`
        : placeFlag(kind);
  return `gcloud compute ${kind.group} delete ${item.name}${place} --project ${project} --quiet`;
}
