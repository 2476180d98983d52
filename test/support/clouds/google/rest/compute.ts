/** Compute Engine's lists: https://docs.cloud.google.com/compute/docs/reference/rest/v1 */
import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import type { Stored } from "../../kind";
import { text, type Values } from "../../values";
import { networkId, RECORDS, selfLink, shortName, subnetworkId, TOKENS } from "../names";
import { ok, page } from "./answers";

/** Lists that come from something else than records of a kind of their own: `google:<singular>`. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  addresses: [TOKENS.address, TOKENS.globalAddress],
  networks: [TOKENS.network],
  routers: [TOKENS.router],
  subnetworks: [TOKENS.subnetwork],
  targetHttpProxies: [RECORDS.targetHttpProxy],
  targetHttpsProxies: [RECORDS.targetHttpsProxy],
  networkEndpointGroups: [RECORDS.networkEndpointGroup],
};

const kindsOf = (list: string) => KINDS[list] ?? [`google:${list.replace(/s$/, "")}`];

/** @param list e.g. networks; of the project itself */
export function globalList(
  cloud: Cloud,
  project: string,
  list: string,
  request: RestRequest,
): RestAnswer {
  const all = [
    ...itemsOf(cloud, project, list).filter(({ scope }) => scope === "global"),
    ...(list === "routes" ? routes(cloud, project) : []),
  ];
  const { items, next } = page(all, request);
  return ok({
    kind: `compute#${list}List`,
    // An empty list is left out.
    ...(items.length === 0 ? {} : { items: items.map(({ item }) => item) }),
    ...next,
  });
}

/** Of all regions and zones: each place is named, also if it has nothing. */
export function aggregatedList(
  cloud: Cloud,
  project: string,
  list: string,
  request: RestRequest,
): RestAnswer {
  const all = itemsOf(cloud, project, list);
  const { items, next } = page(all, request);
  const scopes = new Set(["global", "regions/europe-west1", ...all.map(({ scope }) => scope)]);
  const places = [...scopes].map((scope) => {
    const here = items.filter((one) => one.scope === scope).map(({ item }) => item);
    const nothing = {
      warning: {
        code: "NO_RESULTS_ON_PAGE",
        message: `There are no results for scope '${scope}' on this page.`,
        data: [{ key: "scope", value: scope }],
      },
    };
    return [scope, here.length === 0 ? nothing : { [list]: here }] as const;
  });
  return ok({ kind: `compute#${list}AggregatedList`, items: Object.fromEntries(places), ...next });
}

interface Item {
  readonly scope: string;
  readonly item: Values;
}

function itemsOf(cloud: Cloud, project: string, list: string): Item[] {
  return kindsOf(list)
    .flatMap((kind) => cloud.store.list(kind))
    .filter(({ id }) => id.startsWith(`projects/${project}/`))
    .map((stored) => ({
      scope: /^projects\/[^/]+\/(global|(?:regions|zones)\/[^/]+)\//.exec(stored.id)?.[1] ?? "",
      item: itemOf(stored),
    }));
}

/** Outputs that are said in another way, or are the simulation's own. */
const REWRITTEN: readonly string[] = ["service", "region", "zone", "network", "subnetwork"];

/** As the API has it: places and networks are URLs. */
function itemOf({ kind, id, outputs, createdAt }: Stored): Values {
  const place = /^(projects\/[^/]+\/(regions|zones)\/([^/]+))\//.exec(id);
  const [, placeId = "", places] = place ?? [];
  const { network, subnetwork } = outputs;
  const own = Object.entries(outputs).filter(([key]) => !REWRITTEN.includes(key));
  const networked = typeof network === "string" && network !== "";
  return {
    ...Object.fromEntries(own),
    name: text(outputs, "name") || shortName(id),
    selfLink: selfLink(id),
    creationTimestamp: new Date(createdAt).toISOString(),
    ...(places === "regions" ? { region: selfLink(placeId) } : {}),
    ...(places === "zones" ? { zone: selfLink(placeId) } : {}),
    ...(kind === RECORDS.instance
      ? { networkInterfaces: [{ network: selfLink(networkId(outputs)) }] }
      : networked
        ? { network: selfLink(networkId(outputs)) }
        : {}),
    ...(typeof subnetwork === "string" && subnetwork !== "" && kind !== RECORDS.instance
      ? { subnetwork: selfLink(subnetworkId(outputs, shortName(placeId))) }
      : {}),
  };
}

/** What a network and its subnetworks bring: https://docs.cloud.google.com/vpc/docs/routes#system-generated-routes */
function routes(cloud: Cloud, project: string): Item[] {
  const of = (id: string, network: string, more: Values): Item => ({
    scope: "global",
    item: {
      name: `default-route-${Buffer.from(id).toString("hex").slice(-16)}`,
      network: selfLink(network),
      ...more,
    },
  });
  const inProject = ({ id }: Stored) => id.startsWith(`projects/${project}/`);
  return [
    ...cloud.store
      .list(TOKENS.network)
      .filter(inProject)
      .map(({ id }) =>
        of(id, id, {
          destRange: "0.0.0.0/0",
          nextHopGateway: selfLink(`projects/${project}/global/gateways/default-internet-gateway`),
        }),
      ),
    ...cloud.store
      .list(TOKENS.subnetwork)
      .filter(inProject)
      .map(({ id, inputs }) =>
        of(id, networkId(inputs), {
          destRange: inputs["ipCidrRange"],
          nextHopNetwork: selfLink(networkId(inputs)),
        }),
      ),
  ];
}
