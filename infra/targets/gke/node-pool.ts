import { NodePool } from "@pulumi/gcp/container/nodePool";
import type { Cluster } from "@pulumi/gcp/container/cluster";
import type * as inputs from "@pulumi/gcp/types/input";
import type { GkeConfig } from "../../config/targets/gke";
import { bootDisks, gpuMachine } from "../../config/targets/gke-machines";
import { zonesOf, type GkeContext } from "./context";
import { CLOUD_PLATFORM, type NodeAccount } from "./project";

type Machines = Pick<GkeConfig["nodes"], "machineType" | "spot" | "diskGb" | "diskType">;

/** The pools of a Standard cluster: one, and one with GPUs where config has it. */
export function nodePools(context: GkeContext, cluster: Cluster, account: NodeAccount): NodePool[] {
  const { nodes, gpuPool } = context.config;
  const pools = [nodePool(context, cluster, "nodes", nodes, nodeConfig(context, nodes, account))];
  if (gpuPool !== undefined) {
    const machineType = gpuMachine(gpuPool);
    pools.push(
      nodePool(context, cluster, "gpu", gpuPool, {
        ...nodeConfig(context, { ...gpuPool, machineType }, account),
        // With Secure Boot a node loads no module that isn't signed, as a GPU's driver may be.
        // https://docs.cloud.google.com/kubernetes-engine/docs/how-to/shielded-gke-nodes
        shieldedInstanceConfig: { enableSecureBoot: false, enableIntegrityMonitoring: true },
        // Nodes with GPUs get their taint and their label by themselves.
        guestAccelerators: [
          {
            type: gpuPool.type,
            count: gpuPool.count,
            gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" },
          },
        ],
      }),
    );
  }
  return pools;
}

function nodePool(
  { config, own }: GkeContext,
  cluster: Cluster,
  name: string,
  { minNodes, maxNodes }: { readonly minNodes: number; readonly maxNodes: number },
  machines: inputs.container.NodePoolNodeConfig,
): NodePool {
  const zones = zonesOf(config);
  const isFixed = minNodes === maxNodes;
  return new NodePool(
    name,
    {
      project: config.project,
      name,
      cluster: cluster.name,
      location: cluster.location,
      nodeLocations: [...zones],
      // The provider refuses both numbers in one pool.
      ...(isFixed
        ? { nodeCount: minNodes }
        : {
            initialNodeCount: minNodes,
            autoscaling: { minNodeCount: minNodes, maxNodeCount: maxNodes },
          }),
      management: { autoRepair: true, autoUpgrade: true },
      // A node more for the time of an upgrade; but quotas for GPUs rarely have one to spare.
      upgradeSettings:
        machines.guestAccelerators === undefined
          ? { maxSurge: 1, maxUnavailable: 0 }
          : { maxSurge: 0, maxUnavailable: 1 },
      nodeConfig: machines,
    },
    // A pool's first size can't change but by making it anew; what is ignored stays, so a pool of fixed size must not ignore it.
    isFixed ? own : { ...own, ignoreChanges: ["initialNodeCount"] },
  );
}

/** Machines of a pool, shielded, with nothing of the machine's own account within pods' reach. */
export function nodeConfig(
  { labels }: GkeContext,
  { machineType, spot, diskGb, diskType }: Machines,
  { email }: NodeAccount,
) {
  return {
    machineType,
    spot,
    diskSizeGb: diskGb,
    diskType: diskType ?? bootDisks(machineType)[0] ?? "pd-balanced",
    serviceAccount: email,
    oauthScopes: [CLOUD_PLATFORM],
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
    workloadMetadataConfig: { mode: "GKE_METADATA" },
    metadata: { "disable-legacy-endpoints": "true" },
    resourceLabels: { ...labels },
  } satisfies inputs.container.NodePoolNodeConfig & inputs.container.ClusterNodeConfig;
}
