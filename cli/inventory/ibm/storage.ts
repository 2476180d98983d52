import { z } from "zod";
import type { Look } from "../found";
import { list } from "../shapes";
import type { IbmApi } from "./api";
import type { IbmStack } from "./stack";

/** https://cloud.ibm.com/apidocs/resource-controller/resource-controller#list-resource-instances */
const instances = z.object({
  resources: list(
    z.object({
      id: z.string(),
      name: z.string(),
      state: z.string().optional(),
      created_at: z.string().optional(),
    }),
  ),
});

/** Deleted, and kept for some days in case that it was a mistake: https://cloud.ibm.com/docs/account?topic=account-resource-reclamation */
const GONE: readonly (string | undefined)[] = ["pending_reclamation", "removed"];

/** The object storage of OpenShift's own registry, where the stack makes it. */
export function storageLooks(api: IbmApi, { storage }: IbmStack): Look[] {
  if (storage === undefined) return [];
  const find = async () => {
    const query = { name: storage, limit: "100" };
    return (await api.pages("resources", "/v2/resource_instances", instances, { query }))
      .flatMap(({ resources }) => resources)
      .filter(({ name, state }) => name === storage && !GONE.includes(state))
      .map(({ id, name, created_at: since }) => ({
        kind: "object storage",
        name,
        id,
        place: "global",
        ...(since === undefined ? {} : { since }),
        remove: `ibmcloud resource service-instance-delete '${id}' --recursive -f`,
      }));
  };
  return [{ kinds: "object storages", find }];
}
