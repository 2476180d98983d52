import { z } from "zod";
import { DEFAULT_POOL } from "../../../infra/targets/ibm/names";
import { once, type Found, type Look, type Unseen } from "../found";
import { list } from "../shapes";
import type { Memory } from "../memory";
import type { IbmApi } from "./api";
import type { IbmStack } from "./stack";

/** https://cloud.ibm.com/apidocs/kubernetes/containers-v1-v2#v2vpcgetclusters; it has no pages */
const shape = list(
  z.object({
    id: z.string(),
    name: z.string(),
    region: z.string().optional(),
    location: z.string().optional(),
    state: z.string().optional(),
    createdDate: z.string().optional(),
  }),
);

export type Cluster = z.infer<typeof shape>[number];

/** Every cluster of the account on the stack's kind of infrastructure. */
export const clusterList = (api: IbmApi, { config }: IbmStack): (() => Promise<Cluster[]>) =>
  once(() => api.get("containers", `/v2/${config.infrastructure}/getClusters`, shape));

/** In a region no two have one name. @param known ids of the stack's */
export const isOurs = (
  { cluster, config }: IbmStack,
  known: ReadonlySet<string>,
  { id, name, region }: Cluster,
): boolean => known.has(id) || (name === cluster && region === config.region);

/** Claims' volumes go with it; `down` has taken them away before, where it could. */
export function clusterLook(
  stack: IbmStack,
  memory: Memory,
  clusters: () => Promise<Cluster[]>,
): Look {
  const kinds = "clusters";
  const find = async () =>
    (await clusters()).flatMap((cluster): (Found | Unseen)[] => {
      const { id, name, location, region = "", state, createdDate } = cluster;
      if (!isOurs(stack, memory.clusters, cluster))
        return name === stack.cluster && region === ""
          ? [{ kinds, why: `${name}, ${id}, is in no region that is told` }]
          : [];
      memory.clusters.add(id);
      return [
        {
          kind: "cluster",
          name,
          id,
          place: location ?? region,
          ...(createdDate === undefined ? {} : { since: createdDate }),
          ...(state === undefined || state === "normal" ? {} : { detail: `it is ${state}` }),
          remove: `ibmcloud ks cluster rm --cluster ${id} --force-delete-storage -f`,
        },
      ];
    });
  return { kinds, find };
}

/** https://cloud.ibm.com/apidocs/kubernetes/containers-v1-v2#vpcgetworkerpools; it has no pages */
const pools = list(
  z.object({
    id: z.string(),
    poolName: z.string(),
    lifecycle: z.object({ actualState: z.string().optional() }).optional(),
  }),
);

/** Pools that were added to the stack's cluster. On classic infrastructure there are none. */
export function poolLooks(
  api: IbmApi,
  stack: IbmStack,
  memory: Memory,
  clusters: () => Promise<readonly Cluster[]>,
): Look[] {
  if (stack.config.infrastructure !== "vpc") return [];
  const poolsOf = async ({ id: cluster, name, location, region = "" }: Cluster) =>
    (await api.get("containers", "/v2/vpc/getWorkerPools", pools, { query: { cluster } }))
      .filter(({ poolName }) => poolName !== DEFAULT_POOL)
      .filter(({ lifecycle }) => lifecycle?.actualState !== "deleted")
      .map(({ id, poolName }) => ({
        kind: "worker pool",
        name: poolName,
        // As the provider has it: https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/container_vpc_worker_pool#import
        id: `${cluster}/${id}`,
        place: location ?? region,
        detail: `of cluster ${name}`,
        remove: `ibmcloud ks worker-pool rm --cluster ${cluster} --worker-pool ${id} -f`,
      }));
  const find = async () => {
    const ours = (await clusters()).filter((one) => isOurs(stack, memory.clusters, one));
    return (await Promise.all(ours.map(poolsOf))).flat();
  };
  return [{ kinds: "worker pools", find }];
}
