import { z } from "zod";
import type { Look } from "../found";
import { list, optionalList } from "../shapes";
import type { IbmApi } from "./api";
import type { IbmStack } from "./stack";

/** https://cloud.ibm.com/apidocs/container-registry#listnamespacedetails; it has no pages */
const namespaces = list(
  z.object({ name: z.string(), crn: z.string().optional(), created_date: z.string().optional() }),
);

/** https://cloud.ibm.com/apidocs/tagging#list-tags */
const tags = z.object({ items: optionalList(z.object({ name: z.string() })) });

/** Config names it, so the tag decides whose it is. None where config says that there was one. */
export function namespaceLooks(api: IbmApi, { config, tag }: IbmStack): Look[] {
  if (!config.createRegistryNamespace) return [];
  const find = async () => {
    const headers = { Account: await api.account() };
    const all = await api.get("registry", "/api/v1/namespaces/details", namespaces, { headers });
    const named = all.filter(({ name }) => name === config.registryNamespace);
    const own = await Promise.all(named.map(async ({ crn }) => (await tagsOf(api, crn)).has(tag)));
    return named
      .filter((_, i) => own[i])
      .map(({ name, created_date: since }) => ({
        kind: "registry namespace",
        name,
        place: config.region,
        ...(since === undefined ? {} : { since }),
        remove: `ibmcloud cr region-set ${config.region} && ibmcloud cr namespace-rm ${name} -f`,
      }));
  };
  return [{ kinds: "registry namespaces", find }];
}

async function tagsOf(api: IbmApi, crn: string | undefined): Promise<Set<string>> {
  if (crn === undefined) return new Set();
  const query = { attached_to: crn, limit: "100" };
  const { items } = await api.get("tags", "/v3/tags", tags, { query });
  return new Set(items.map(({ name }) => name));
}
