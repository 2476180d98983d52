import { z } from "zod";
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
