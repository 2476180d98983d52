import { z } from "zod";
import { once, type Look } from "../found";
import type { IbmApi } from "./api";
import type { IbmStack } from "./stack";

/** https://cloud.ibm.com/apidocs/kubernetes/containers-v1-v2#v2vpcgetclusters; it has no pages */
const shape = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    region: z.string().optional(),
    location: z.string().optional(),
    state: z.string().optional(),
    createdDate: z.string().optional(),
  }),
);

export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly region?: string | undefined;
  readonly location?: string | undefined;
  readonly state?: string | undefined;
  readonly createdDate?: string | undefined;
}

/** Every cluster of the account on the stack's kind of infrastructure. */
export const clusterList = (api: IbmApi, { config }: IbmStack): (() => Promise<Cluster[]>) =>
  once(() => api.get("containers", `/v2/${config.infrastructure}/getClusters`, shape));

export function isOurs({ cluster, config }: IbmStack, { name, region }: Cluster): boolean {
  return name === cluster && (region === undefined || region === "" || region === config.region);
}

/** Claims' volumes go with it; `down` has taken them away before, where it could. */
export function clusterLook(stack: IbmStack, clusters: () => Promise<Cluster[]>): Look {
  return {
    kinds: "clusters",
    find: async () =>
      (await clusters())
        .filter((cluster) => isOurs(stack, cluster))
        .map(({ id, name, location, region, state, createdDate }) => ({
          kind: "cluster",
          name,
          place: location ?? region ?? "",
          ...(createdDate === undefined ? {} : { since: createdDate }),
          ...(state === undefined || state === "normal" ? {} : { detail: `it is ${state}` }),
          remove: `ibmcloud ks cluster rm --cluster ${id} --force-delete-storage -f`,
        })),
  };
}
