import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import { isGoodToken } from "../account";
import { bearer } from "./answers";
import { apiKeys, keyDetails, policies, serviceIds, token } from "./iam";
import {
  clusterList,
  deleteInstance,
  namespaces,
  resourceGroups,
  resourceInstances,
  tags,
  workerPools,
} from "./others";
import { vpcList } from "./vpc";

type Answer = (request: RestRequest, cloud: Cloud, endpoint: string) => RestAnswer;

/** By service and method, then path. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  iam: {
    "GET /v1/serviceids": serviceIds,
    "GET /v1/apikeys": apiKeys,
    "GET /v1/policies": policies,
  },
  containers: {
    "GET /v2/vpc/getClusters": (_, cloud) => clusterList("vpc", cloud),
    "GET /v2/classic/getClusters": (_, cloud) => clusterList("classic", cloud),
    "GET /v2/vpc/getWorkerPools": workerPools,
  },
  registry: { "GET /api/v1/namespaces/details": namespaces },
  tags: { "GET /v3/tags": tags },
  resources: {
    "GET /v2/resource_instances": resourceInstances,
    "GET /v2/resource_groups": resourceGroups,
  },
};

/** What needs no token. */
const OPEN: Readonly<Record<string, Answer>> = {
  "POST /identity/token": token,
  "GET /v1/apikeys/details": keyDetails,
};

/** What each service answers to a token that is missing, wrong or over. */
const UNAUTHORIZED: Readonly<Record<string, unknown>> = {
  // https://cloud.ibm.com/docs/vpc?topic=vpc-rias-error-messages: token_invalid
  vpc: {
    errors: [{ code: "token_invalid", message: "The service token was expired or invalid." }],
  },
  // https://cloud.ibm.com/docs/containers?topic=containers-cs_api_install
  containers: {
    code: "A0005",
    description: "Your IAM token is expired or invalid. Log in again.",
    type: "Authentication",
  },
  registry: {
    code: "CRG0009E",
    message: "You are not authorized to access the specified account.",
  },
};

/** IBM Cloud's APIs, below a service's name: the paths are those that are documented. */
export function rest(request: RestRequest, cloud: Cloud): RestAnswer {
  const [, service = "", ...rest] = request.path.split("/");
  const path = `/${rest.join("/")}`;
  const endpoint = `${cloud.url}/ibm/${service}`;
  const call = `${request.method} ${path}`;
  const open = service === "iam" ? OPEN[call] : undefined;
  if (open !== undefined) return open(request, cloud, endpoint);
  if (!isGoodToken(cloud, bearer(request)))
    return { status: 401, body: UNAUTHORIZED[service] ?? { message: "Unauthorized" } };
  if (cloud.faults.holds("permission-denied", service))
    return {
      status: 403,
      body: { errors: [{ code: "not_authorized", message: "The request is not authorized." }] },
    };
  if (service === "vpc" && request.method === "GET" && rest[0] === "v1" && rest.length === 2)
    return vpcList(rest[1] ?? "", request, cloud, `${endpoint}/v1`);
  if (service === "resources" && call.startsWith("DELETE /v2/resource_instances/"))
    return deleteInstance(request, cloud);
  const answer = ROUTES[service]?.[call];
  return answer === undefined
    ? { status: 404, body: { message: `no ${call} of ${service}` } }
    : answer(request, cloud, endpoint);
}

/** Where the APIs are, as the provider's variables say it: https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/guides/custom-service-endpoints */
export const endpoints = (cloud: Cloud): Readonly<Record<string, string>> => ({
  IBMCLOUD_IAM_API_ENDPOINT: `${cloud.url}/ibm/iam`,
  IBMCLOUD_IS_NG_API_ENDPOINT: `${cloud.url}/ibm/vpc/v1`,
  IBMCLOUD_CS_API_ENDPOINT: `${cloud.url}/ibm/containers`,
  IBMCLOUD_CR_API_ENDPOINT: `${cloud.url}/ibm/registry`,
  IBMCLOUD_GT_API_ENDPOINT: `${cloud.url}/ibm/tags`,
  IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT: `${cloud.url}/ibm/resources`,
  IBMCLOUD_RESOURCE_MANAGEMENT_API_ENDPOINT: `${cloud.url}/ibm/resources`,
});
