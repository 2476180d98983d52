import { Cluster, type ClusterArgs } from "@pulumi/gcp/container/cluster";
import { clusterName, zonesOf, type GkeContext } from "./context";
import { POD_RANGE, SERVICE_RANGE, type GkeNetwork } from "./network";
import { nodeConfig } from "./node-pool";
import { CLOUD_PLATFORM, type NodeAccount } from "./project";

/** The cluster, without the nodes of a Standard one. */
export function createCluster(
  context: GkeContext,
  { network, subnetwork, egress }: GkeNetwork,
  account: NodeAccount,
): Cluster {
  const { config, stack, own } = context;
  const zones = zonesOf(config);
  const autopilot = config.mode === "autopilot";
  return new Cluster(
    "cluster",
    {
      project: config.project,
      name: clusterName(stack),
      location: zones.length === 1 ? (zones[0] ?? config.region) : config.region,
      network: network.id,
      subnetwork: subnetwork.id,
      ipAllocationPolicy: {
        clusterSecondaryRangeName: POD_RANGE,
        servicesSecondaryRangeName: SERVICE_RANGE,
      },
      releaseChannel: { channel: config.releaseChannel },
      // Left out, it would mean: as it is. https://github.com/hashicorp/terraform-provider-google, resource_container_cluster.go
      privateClusterConfig: { enablePrivateNodes: config.privateNodes },
      ...controlPlane(config.controlPlane),
      // Google's own guard counts as it stands in the state: lifting it takes an update before the deletion.
      deletionProtection: config.deletionProtection,
      resourceLabels: context.labels,
      ...(autopilot ? autopilotArgs(account) : standardArgs(context, zones, account)),
    },
    {
      ...own,
      // Google refuses when the cluster's turn comes, after everything in it is gone; Pulumi before anything is.
      protect: config.deletionProtection,
      // Two of one name can't be in one place.
      deleteBeforeReplace: true,
      dependsOn: [...egress, ...account.resources],
      // Of the pool that is removed right away: what is read back of it is another pool's.
      ...(autopilot ? {} : { ignoreChanges: ["initialNodeCount", "nodeConfig"] }),
    },
  );
}

/**
 * The name of the API server is guarded by IAM wherever it is asked from; then it needs no address.
 * https://docs.cloud.google.com/kubernetes-engine/docs/concepts/network-isolation
 */
function controlPlane({
  endpoint,
  authorizedNetworks,
}: GkeContext["config"]["controlPlane"]): Pick<
  ClusterArgs,
  "controlPlaneEndpointsConfig" | "masterAuthorizedNetworksConfig"
> {
  const byName = endpoint === "dns";
  return {
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { allowExternalTraffic: byName },
      ipEndpointsConfig: { enabled: !byName },
    },
    ...(authorizedNetworks === undefined
      ? {}
      : {
          masterAuthorizedNetworksConfig: {
            cidrBlocks: Object.entries(authorizedNetworks).map(([displayName, cidrBlock]) => ({
              displayName,
              cidrBlock,
            })),
          },
        }),
  };
}

/** Dataplane V2, Workload Identity and shielded nodes are Autopilot's own. */
function autopilotArgs({ email }: NodeAccount): Partial<ClusterArgs> {
  return {
    enableAutopilot: true,
    // The only place where Autopilot's nodes get an account: https://github.com/hashicorp/terraform-provider-google/issues/9505
    clusterAutoscaling: {
      autoProvisioningDefaults: { serviceAccount: email, oauthScopes: [CLOUD_PLATFORM] },
    },
  };
}

function standardArgs(
  context: GkeContext,
  zones: readonly string[],
  account: NodeAccount,
): Partial<ClusterArgs> {
  const { config } = context;
  return {
    ...(zones.length === 1 ? {} : { nodeLocations: [...zones] }),
    networkingMode: "VPC_NATIVE",
    // Dataplane V2: network policies are enforced.
    datapathProvider: "ADVANCED_DATAPATH",
    enableShieldedNodes: true,
    workloadIdentityConfig: { workloadPool: `${config.project}.svc.id.goog` },
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    // Of the pool that lives for a minute: the default account may not be there, its 100 GB a node may be over the quota.
    nodeConfig: nodeConfig(context, config.nodes, account),
  };
}
