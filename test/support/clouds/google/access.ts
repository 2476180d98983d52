/** Who may do what: the project, its APIs, permissions. */
import type { Cloud } from "../cloud";
import { text, type Values } from "../values";
import { googleError, Refusal } from "./errors";
import { PROJECT } from "./names";

/** APIs by their service's name, as Google's message calls them. */
const APIS = {
  artifactregistry: "Artifact Registry API",
  cloudresourcemanager: "Cloud Resource Manager API",
  compute: "Compute Engine API",
  container: "Kubernetes Engine API",
  dns: "Cloud DNS API",
  iam: "Identity and Access Management (IAM) API",
} as const;
export type Api = keyof typeof APIS;

const keyOf = (api: string) => `google api ${api}`;

export function enableApi(cloud: Cloud, api: string): void {
  cloud.store.set(keyOf(api), true);
}

export function disableApi(cloud: Cloud, api: string): void {
  cloud.store.set(keyOf(api), undefined);
}

/** A new project has none of them; what was enabled stays, unless a test says so by the condition `api-disabled`. */
export const isEnabled = (cloud: Cloud, api: string) =>
  cloud.store.get(keyOf(api)) === true && !cloud.faults.holds("api-disabled", api);

/** Message of https://cloud.google.com/service-usage/docs/enable-disable, as in terraform-provider-google#1166. */
export const apiDisabled = (api: Api) =>
  `${APIS[api]} has not been used in project ${PROJECT} before or it is disabled. Enable it by visiting ` +
  `https://console.developers.google.com/apis/api/${api}.googleapis.com/overview?project=${PROJECT} then retry. ` +
  `If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`;

export interface Call {
  /** What the Terraform provider says it was doing. */
  readonly doing: string;
  readonly api: Api;
  readonly permission: string;
  /** What is called. */
  readonly resource: string;
}

/**
 * Before every call that changes something.
 * https://cloud.google.com/iam/docs/permission-error-messages
 * @throws CloudError: another project, the API is not enabled, the condition `permission-denied` holds for the permission
 */
export function allow(cloud: Cloud, inputs: Values, call: Call): void {
  const project = text(inputs, "project");
  if (project !== PROJECT || cloud.faults.holds("permission-denied", call.permission))
    throw googleError(
      "permission-denied",
      call.doing,
      403,
      `Required '${call.permission}' permission for '${call.resource}'`,
      "forbidden",
    );
  if (!isEnabled(cloud, call.api))
    throw googleError(
      "api-disabled",
      call.doing,
      403,
      apiDisabled(call.api),
      "accessNotConfigured",
    );
}

/**
 * The condition `quota`, for a metric.
 * https://cloud.google.com/compute/resource-usage
 * @throws CloudError
 */
export function withinQuota(cloud: Cloud, doing: string, metric: string, where: string): void {
  if (!cloud.faults.holds("quota", metric)) return;
  throw googleError(
    "quota",
    doing,
    403,
    `Quota '${metric}' exceeded.  Limit: 0.0 ${where}.`,
    "quotaExceeded",
  );
}

/** As compute's API says of a name that is taken. @throws CloudError */
export function refuseTaken(cloud: Cloud, token: string, doing: string, id: string): void {
  if (cloud.store.find(token, id) !== undefined)
    throw googleError(
      "name-taken",
      doing,
      409,
      `The resource '${id}' already exists`,
      "alreadyExists",
    );
}

/** A resource that something is built on must be there, whole. @throws CloudError */
export function requireThere(cloud: Cloud, token: string, doing: string, id: string): void {
  if (cloud.store.find(token, id)?.state !== "ready")
    throw googleError("not-found", doing, 404, `The resource '${id}' was not found`, "notFound");
}

/** As compute's API says: https://github.com/hashicorp/terraform-provider-google/issues/5948. @throws CloudError */
export function inUse(doing: string, kind: string, id: string, by: string): Refusal {
  return new Refusal(
    "in-use",
    `${doing}: The ${kind} resource '${id}' is already being used by '${by}'`,
  );
}
