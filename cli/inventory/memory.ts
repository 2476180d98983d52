import type { StateResource } from "../state";

/** A thing that the stack's state holds, and that an inventory lists if it is there. */
export interface Held {
  /** In the inventory's words: "network". */
  readonly kind: string;
  readonly id: string;
  /** Things of one group are seen with one right: one that is listed proves that the others would be. */
  readonly group: string;
}

/**
 * What Google lists, it lists whole or refuses; IBM Cloud's services each leave out what the caller may not see. A VPC can't go before the
 * cluster in it, so the silence about both is one.
 */
const HELD: Readonly<Record<string, Omit<Held, "id">>> = {
  "gcp:compute/network:Network": { kind: "network", group: "Google Cloud" },
  "gcp:compute/subnetwork:Subnetwork": { kind: "subnetwork", group: "Google Cloud" },
  "gcp:container/cluster:Cluster": { kind: "cluster", group: "Google Cloud" },
  "gcp:serviceaccount/account:Account": { kind: "service account", group: "Google Cloud" },
  "ibm:index/isVpc:IsVpc": { kind: "VPC", group: "VPC" },
  "ibm:index/isSubnet:IsSubnet": { kind: "subnet", group: "VPC" },
  "ibm:index/containerVpcCluster:ContainerVpcCluster": { kind: "cluster", group: "VPC" },
  "ibm:index/containerCluster:ContainerCluster": { kind: "cluster", group: "classic clusters" },
  "ibm:index/resourceInstance:ResourceInstance": { kind: "object storage", group: "storage" },
  "ibm:index/iamServiceId:IamServiceId": { kind: "service ID", group: "access" },
  "ibm:index/crNamespace:CrNamespace": { kind: "registry namespace", group: "registry" },
};

/** @param stays whether the stack's cluster is not its own: then the state's context is held too */
export function heldIn(resources: readonly StateResource[], stays = false): Held[] {
  return resources.flatMap(({ type, id, inputs, pendingReplacement }) => {
    const context = inputs?.["context"];
    if (stays && type === "pulumi:providers:kubernetes" && typeof context === "string")
      return [{ kind: "context", id: context, group: "context" }];
    const held = HELD[type];
    return held === undefined || id === undefined || pendingReplacement === true
      ? []
      : [{ ...held, id }];
  });
}

/**
 * What tells whose a thing is, and goes before it: the state's own IDs, and what a look before a destroy has learnt. Each look adds to it,
 * so that the proof after the destroy knows the names and numbers that nothing in the cloud ties to the stack any more.
 */
export class Memory {
  /** Of Google Cloud: the cluster's ids in the names of what its controllers make. */
  readonly clusterIds = new Set<string>();
  /** Names of balancers. */
  readonly balancers = new Set<string>();
  /** Names of certificates that the stack's balancers show. */
  readonly certificates = new Set<string>();
  /** IP addresses. */
  readonly addresses = new Set<string>();
  /** Of IBM Cloud: ids of the stack's clusters. */
  readonly clusters: Set<string>;

  /** @param held what the state holds. Default: there is no state */
  constructor(readonly held: readonly Held[] = []) {
    this.clusters = new Set(held.filter(({ kind }) => kind === "cluster").map(({ id }) => id));
  }
}
