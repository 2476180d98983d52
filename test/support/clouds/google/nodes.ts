/** What clusters' machines are in a project: instances, in groups, with an account. */
import type { Cloud } from "../cloud";
import { child, text, type Values } from "../values";
import { isZone, networkId, RECORDS, regionOf, selfLink, subnetworkId, TOKENS } from "./names";

/** Account of the project that machines have unless told otherwise. */
const DEFAULT_ACCOUNT = "123456789012-compute@developer.gserviceaccount.com";

/** The account of an Autopilot cluster's nodes is said in a place of its own; a Standard cluster's and its pools' in their nodes'. */
export function accountOf(inputs: Values): string {
  const autopilot = text(
    child(child(inputs, "clusterAutoscaling"), "autoProvisioningDefaults"),
    "serviceAccount",
  );
  return autopilot || text(child(inputs, "nodeConfig"), "serviceAccount") || DEFAULT_ACCOUNT;
}

/** Accounts of all nodes there are. */
export function nodeAccounts(cloud: Cloud): string[] {
  const kinds = [TOKENS.cluster, TOKENS.nodePool];
  return kinds.flatMap((kind) => cloud.store.list(kind).map(({ inputs }) => accountOf(inputs)));
}

/** Makes a machine of a cluster's, in its subnetwork: one, whatever was asked for, as there is one node. */
export function addInstance(cloud: Cloud, cluster: Values, pool: string): void {
  const project = text(cluster, "project");
  const location = text(cluster, "location");
  const zone = isZone(location) ? location : `${location}-b`;
  const name = instanceName(cluster, pool);
  const id = `projects/${project}/zones/${zone}/instances/${name}`;
  cloud.record(RECORDS.instance, id, {
    name,
    zone: selfLink(`projects/${project}/zones/${zone}`),
    region: regionOf(zone),
    project,
    network: networkId(cluster),
    subnetwork: subnetworkId(cluster, regionOf(zone)),
    labels: { "goog-k8s-cluster-name": text(cluster, "name"), "goog-k8s-node-pool-name": pool },
  });
}

/** @param pool default: all of the cluster's */
export function removeInstances(cloud: Cloud, cluster: Values, pool?: string): void {
  for (const instance of cloud.store.list(RECORDS.instance)) {
    const labels = child(instance.outputs, "labels");
    if (
      text(labels, "goog-k8s-cluster-name") === text(cluster, "name") &&
      (pool === undefined || text(labels, "goog-k8s-node-pool-name") === pool)
    )
      cloud.store.remove(instance);
  }
}

const instanceName = (cluster: Values, pool: string) =>
  `gke-${text(cluster, "name")}-${pool}-1a2b3c4d-x7k2`.slice(0, 63);
