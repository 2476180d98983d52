import type * as pulumi from "@pulumi/pulumi";
import { ContainerAddons } from "@pulumi/ibm/containerAddons";
import { ContainerVpcWorkerPool } from "@pulumi/ibm/containerVpcWorkerPool";
import { ContainerWorkerPool } from "@pulumi/ibm/containerWorkerPool";
import { ConfigMapPatch } from "@pulumi/kubernetes/core/v1/configMapPatch";
import { GPU_FLAVORS, type GpuType, type IbmConfig } from "../../config/targets/ibm";
import type { GpuFacts } from "../target";
import type { IbmContext } from "./context";
import { DEFAULT_POOL } from "./names";
import type { VpcNetwork } from "./network";

/** What all workers of a cluster have in common. */
export interface WorkerArgs {
  readonly flavor: string;
  /** Default: Kubernetes' own, or none. */
  readonly entitlement?: string;
}

/** Label of the workers that have a certain GPU. */
const GPU_LABEL = "modelport.dev/gpu";

/** A VPC cluster's pools, registered after it: the default one, and one with GPUs where config has it. */
export function workerPools(
  { config, own, resourceGroupId }: IbmContext,
  network: VpcNetwork,
  cluster: pulumi.CustomResource,
  { flavor, entitlement }: WorkerArgs,
): ContainerVpcWorkerPool[] {
  const place = {
    cluster: cluster.id,
    vpcId: network.vpcId,
    zones: [...network.zones],
    ...(resourceGroupId === undefined ? {} : { resourceGroupId }),
  };
  // The cluster's own arguments for its pool count once; through this resource the size can be changed later.
  const pools = [
    new ContainerVpcWorkerPool(
      DEFAULT_POOL,
      {
        ...place,
        workerPoolName: DEFAULT_POOL,
        flavor,
        workerCount: config.workersPerZone,
        importOnCreate: true,
        orphanOnDelete: true,
      },
      {
        ...own,
        // A pool can't get another flavor, and the default one can't be replaced. The autoscaler's word on the size counts.
        ignoreChanges: [
          "flavor",
          ...(config.maxWorkersPerZone === undefined ? [] : ["workerCount"]),
        ],
      },
    ),
  ];
  const { gpuPool, operatingSystem } = config;
  if (gpuPool !== undefined)
    pools.push(
      new ContainerVpcWorkerPool(
        "gpu",
        {
          ...place,
          workerPoolName: "gpu",
          flavor: gpuPool.flavor ?? GPU_FLAVORS[gpuPool.type],
          workerCount: gpuPool.workersPerZone,
          labels: { [GPU_LABEL]: gpuPool.type },
          // A pool inherits neither from the cluster.
          ...(entitlement === undefined ? {} : { entitlement }),
          ...(operatingSystem === undefined ? {} : { operatingSystem }),
        },
        // The name is taken until the old one is gone. The system counts when it is made, as the other workers'.
        { ...own, deleteBeforeReplace: true, ignoreChanges: ["operatingSystem"] },
      ),
    );
  return pools;
}

/** Likewise the only pool of a cluster on classic infrastructure. */
export function classicPool(
  { config, own, resourceGroupId }: IbmContext,
  cluster: pulumi.CustomResource,
  { flavor }: WorkerArgs,
): ContainerWorkerPool {
  return new ContainerWorkerPool(
    DEFAULT_POOL,
    {
      cluster: cluster.id,
      workerPoolName: DEFAULT_POOL,
      machineType: flavor,
      sizePerZone: config.workersPerZone,
      importOnCreate: true,
      orphanOnDelete: true,
      ...(resourceGroupId === undefined ? {} : { resourceGroupId }),
    },
    {
      ...own,
      ignoreChanges: [
        ...["machineType", "hardware", "diskEncryption"],
        ...(config.maxWorkersPerZone === undefined ? [] : ["sizePerZone"]),
      ],
    },
  );
}

/** What asks for the GPUs of the pool; the device plug-in is IBM's: https://cloud.ibm.com/docs/containers?topic=containers-deploy_app#gpu_app */
export function gpuFacts({ gpuPool }: IbmConfig): GpuFacts | undefined {
  if (gpuPool === undefined) return undefined;
  const type: GpuType = gpuPool.type;
  return { resource: "nvidia.com/gpu", types: { [type]: { [GPU_LABEL]: type } }, tolerations: [] };
}

/**
 * The cluster autoscaler add-on, told of the default pool.
 * https://cloud.ibm.com/docs/containers?topic=containers-cluster-scaling-install-addon-enable
 */
export function autoscaler(
  { config, own, resourceGroupId }: IbmContext,
  clusterId: pulumi.Output<string>,
  provider: pulumi.ProviderResource,
  dependsOn: readonly pulumi.Resource[],
): void {
  const { workersPerZone, maxWorkersPerZone } = config;
  if (maxWorkersPerZone === undefined) return;
  const addon = new ContainerAddons(
    "autoscaler",
    {
      cluster: clusterId,
      addons: [{ name: "cluster-autoscaler" }],
      // The add-ons that clusters come with are not ours.
      manageAllAddons: false,
      ...(resourceGroupId === undefined ? {} : { resourceGroupId }),
    },
    { ...own, dependsOn: [...dependsOn] },
  );
  const pool = {
    name: DEFAULT_POOL,
    minSize: workersPerZone,
    maxSize: maxWorkersPerZone,
    enabled: true,
  };
  new ConfigMapPatch(
    "autoscaler",
    {
      metadata: { name: "iks-ca-configmap", namespace: "kube-system" },
      data: { "workerPoolsConfig.json": JSON.stringify([pool]) },
    },
    { parent: own.parent, provider, dependsOn: [addon] },
  );
}
