import type { Cloud } from "../cloud";
import type { Kind, Stored } from "../kind";
import { text, type Values } from "../values";
import { containerError, clusterNotFound } from "./errors";
import { clusters, leastWorkers, tooFewWorkers, workersPerZone } from "./cluster-rules";
import { hex } from "./ids";
import {
  CLASSIC_CLUSTER,
  CLASSIC_WORKER_POOL,
  VPC_CLUSTER,
  VPC_WORKER_POOL,
  WORKER_POOL,
} from "./tokens";
import { count, flag } from "./values";

const DOCS = "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources";

/** Every cluster is made with one. */
export const DEFAULT_POOL = "default";

/** A pool as the cloud has it, whoever takes care of it. */
export function addDefaultPool({ id, kind, inputs }: Stored, cloud: Cloud): void {
  const size = kind === VPC_CLUSTER ? workersPerZone(inputs) : count(inputs, "defaultPoolSize", 1);
  cloud.record(WORKER_POOL, `${id}/${poolId(id)}`, { cluster: id, name: DEFAULT_POOL, size });
}

/** They go with their cluster. */
export function removePools({ id }: Stored, cloud: Cloud): void {
  for (const pool of poolsOf(cloud, id)) cloud.store.remove(pool);
}

const poolsOf = (cloud: Cloud, cluster: string): Stored[] =>
  cloud.store.list(WORKER_POOL).filter(({ outputs }) => outputs["cluster"] === cluster);

const poolId = (cluster: string): string => `${cluster}-${hex(4).slice(0, 7)}`;

export const vpcWorkerPool: Kind = {
  token: VPC_WORKER_POOL,
  docs: `${DOCS}/container_vpc_worker_pool`,
  replaceOn: [
    ...["cluster", "flavor", "vpcId", "workerPoolName", "resourceGroupId", "hostPoolId"],
    ...["entitlement", "secondaryStorage", "operatingSystem"],
  ],
  appliedOnce: ["importOnCreate"],
  seconds: { create: 300, update: 120, delete: 120 },
  ...rules("workerCount"),
};

export const classicWorkerPool: Kind = {
  token: CLASSIC_WORKER_POOL,
  docs: `${DOCS}/container_worker_pool`,
  replaceOn: [
    ...["cluster", "machineType", "workerPoolName", "resourceGroupId"],
    ...["entitlement", "hardware", "diskEncryption"],
  ],
  appliedOnce: ["importOnCreate"],
  seconds: { create: 300, update: 120, delete: 120 },
  ...rules("sizePerZone"),
};

/** @param size name of the input that says how many workers each zone has */
function rules(size: string): Pick<Kind, "create" | "update" | "delete"> {
  return {
    create(inputs, cloud) {
      const cluster = owner(inputs, cloud);
      const name = text(inputs, "workerPoolName");
      const known = poolsOf(cloud, cluster.id).find(({ outputs }) => outputs["name"] === name);
      const imported = flag(inputs, "importOnCreate");
      if (known !== undefined && !imported)
        throw containerError("pool-taken", 409, {
          code: "E4fd9",
          description: "A worker pool with the same name already exists. Choose another name.",
          type: "Provisioning",
        });
      if (known === undefined && imported)
        throw containerError("pool-unknown", 404, {
          code: "G0005",
          description: "The specified worker pool could not be found.",
          type: "General",
        });
      const id = known?.id ?? `${cluster.id}/${poolId(cluster.id)}`;
      cloud.record(WORKER_POOL, id, { cluster: cluster.id, name, size: count(inputs, size, 1) });
      return {
        id,
        outputs: {
          workerPoolId: id.split("/")[1],
          autoscaleEnabled: false,
          resourceControllerUrl: "https://cloud.ibm.com/kubernetes/clusters",
        },
      };
    },
    update({ id, outputs }, inputs, cloud) {
      const cluster = owner(inputs, cloud);
      const workers = count(inputs, size, 1);
      const least = leastWorkers(cluster.inputs);
      if (outputs["workerPoolName"] === DEFAULT_POOL && workers < least) throw tooFewWorkers(least);
      const pool = cloud.store.find(WORKER_POOL, id);
      if (pool !== undefined)
        cloud.store.put({ ...pool, outputs: { ...pool.outputs, size: workers } });
      return { ...outputs, ...inputs };
    },
    /**
     * The last pool stays with its cluster: `orphanOnDelete` only forgets it.
     * https://github.com/IBM-Cloud/terraform-provider-ibm/issues/5598, …/pull/5705
     */
    delete({ id, inputs }, cloud) {
      if (flag(inputs, "orphanOnDelete")) return;
      const cluster = owner(inputs, cloud);
      if (poolsOf(cloud, cluster.id).every((pool) => pool.id === id))
        throw tooFewWorkers(leastWorkers(cluster.inputs));
      cloud.store.remove({ kind: WORKER_POOL, id });
    },
  };
}

/** The cluster that inputs name. @throws CloudError where there is none */
function owner(inputs: Values, cloud: Cloud): Stored {
  const id = text(inputs, "cluster");
  const cluster = clusters(cloud).find((one) => one.id === id || one.inputs["name"] === id);
  if (cluster === undefined) throw clusterNotFound();
  return cluster;
}

export const infrastructureOf = ({ kind }: Stored): "vpc" | "classic" =>
  kind === CLASSIC_CLUSTER ? "classic" : "vpc";
