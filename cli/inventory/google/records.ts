import { z } from "zod";
import { ApiError } from "../http";
import type { Look } from "../found";
import { optionalList } from "../shapes";
import type { GoogleApi } from "./api";
import type { GoogleStack } from "./stack";

/** https://docs.cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets/list */
const shape = z.object({
  rrsets: optionalList(
    z.object({ name: z.string(), type: z.string(), rrdatas: optionalList(z.string()) }),
  ),
});

/**
 * The A records of the stack's hosts, where config has it make some: those that lead to it. A host may have moved to another stack, and the
 * name is the user's.
 *
 * @param addresses IP addresses of the stack
 */
export function recordLooks(
  api: GoogleApi,
  { project, config, hosts }: GoogleStack,
  addresses: () => Promise<ReadonlySet<string>>,
): Look[] {
  const { dnsZone: zone } = config;
  if (zone === undefined || hosts.length === 0) return [];
  const at = `projects/${project}/managedZones/${zone}/rrsets`;
  const find = async () => {
    const pages = await api.pages("dns", at, shape).catch((error: unknown) => {
      // A zone that is gone holds no record.
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    });
    const own = await addresses();
    return pages
      .flatMap(({ rrsets }) => rrsets)
      .filter(({ name, type }) => type === "A" && hosts.includes(name.replace(/\.$/, "")))
      .filter(({ rrdatas }) => rrdatas.some((address) => own.has(address)))
      .map(({ name, type }) => ({
        kind: "DNS record",
        name,
        place: `zone ${zone}`,
        remove: `gcloud dns record-sets delete ${name} --type ${type} --zone ${zone} --project ${project} --quiet`,
      }));
  };
  return [{ kinds: "DNS records", find }];
}
