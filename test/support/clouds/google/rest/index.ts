import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import { isEnabled, type Api } from "../access";
import { grant, isValid, UNAUTHENTICATED } from "../credentials";
import { PROJECT } from "../names";
import { disabled, failed } from "./answers";
import { aggregatedList, globalList } from "./compute";
import { clusters, policy, records, repositories, serviceAccounts } from "./lists";

type Handler = (
  cloud: Cloud,
  parts: readonly string[],
  request: RestRequest,
) => Promise<RestAnswer> | RestAnswer;

interface Route {
  readonly method: "GET" | "POST";
  readonly api: Api;
  /** Below the service's endpoint, after the project, which is the first part. */
  readonly path: RegExp;
  /** What the caller needs. */
  readonly permission: string;
  readonly answer: Handler;
}

/** Services by the first part of the path, with what their endpoints end in. */
const BASES = {
  compute: "compute/v1",
  container: "v1",
  iam: "v1",
  cloudresourcemanager: "v1",
  artifactregistry: "v1",
  dns: "dns/v1",
} as const satisfies Record<Api, string>;

const ROUTES: readonly Route[] = [
  {
    method: "GET",
    api: "compute",
    path: /^global\/(\w+)$/,
    permission: "compute.networks.list",
    answer: (cloud, [project = "", list = ""], request) =>
      globalList(cloud, project, list, request),
  },
  {
    method: "GET",
    api: "compute",
    path: /^aggregated\/(\w+)$/,
    permission: "compute.networks.list",
    answer: (cloud, [project = "", list = ""], request) =>
      aggregatedList(cloud, project, list, request),
  },
  {
    method: "GET",
    api: "container",
    path: /^locations\/-\/clusters$/,
    permission: "container.clusters.list",
    answer: (cloud) => clusters(cloud),
  },
  {
    method: "GET",
    api: "iam",
    path: /^serviceAccounts$/,
    permission: "iam.serviceAccounts.list",
    answer: (cloud, _, request) => serviceAccounts(cloud, request),
  },
  {
    method: "POST",
    api: "cloudresourcemanager",
    path: /^:getIamPolicy$/,
    permission: "resourcemanager.projects.getIamPolicy",
    answer: (cloud) => policy(cloud),
  },
  {
    method: "GET",
    api: "artifactregistry",
    path: /^locations\/([\w-]+)\/repositories$/,
    permission: "artifactregistry.repositories.list",
    answer: (cloud, [, location = ""], request) => repositories(cloud, location, request),
  },
  {
    method: "GET",
    api: "dns",
    path: /^managedZones\/([\w-]+)\/rrsets$/,
    permission: "dns.resourceRecordSets.list",
    answer: (cloud, [, zone = ""], request) => records(cloud, zone, request),
  },
];

/** Variables that lead a client of Google's APIs here: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference#service_custom_endpoint */
export function endpoints(cloud: Cloud): Record<string, string> {
  const names: Readonly<Record<string, keyof typeof BASES>> = {
    COMPUTE: "compute",
    CONTAINER: "container",
    IAM: "iam",
    RESOURCE_MANAGER: "cloudresourcemanager",
    ARTIFACT_REGISTRY: "artifactregistry",
    DNS: "dns",
  };
  return Object.fromEntries(
    Object.entries(names).map(([name, api]) => [
      `GOOGLE_${name}_CUSTOM_ENDPOINT`,
      `${cloud.url}/google/${api}/${BASES[api]}/`,
    ]),
  );
}

export function rest(request: RestRequest, cloud: Cloud): Promise<RestAnswer> | RestAnswer {
  if (request.path === "/token" && request.method === "POST") return grant(request.body, cloud);
  const [, token = ""] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (!isValid(cloud, token)) return failed(401, UNAUTHENTICATED);
  for (const route of ROUTES) {
    const before = `/${route.api}/${BASES[route.api]}/projects/`;
    if (route.method !== request.method || !request.path.startsWith(before)) continue;
    const [, project = "", path = ""] =
      /^([^/:]+)\/?(.*)$/.exec(request.path.slice(before.length)) ?? [];
    const match = route.path.exec(path);
    if (match === null) continue;
    if (project !== PROJECT || cloud.faults.holds("permission-denied", route.permission))
      return failed(403, `Required '${route.permission}' permission for 'projects/${project}'`);
    if (!isEnabled(cloud, route.api)) return disabled(route.api);
    return route.answer(cloud, [project, ...match.slice(1)], request);
  }
  return failed(404, `The requested URL ${request.path} was not found on this server.`);
}
