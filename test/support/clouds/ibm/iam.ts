import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import type { Kind, Stored } from "../kind";
import { child, text, type Values } from "../values";
import { newApiKey } from "./account";
import { Refusal } from "./errors";
import { ACCOUNT, crn, hex, OWNER } from "./ids";
import { SERVICE_API_KEY, SERVICE_ID, SERVICE_POLICY } from "./tokens";
import { flag, texts } from "./values";

const DOCS = "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources";

/** Service IDs of an account: https://cloud.ibm.com/docs/account?topic=account-known-issues#iam_limits */
const MOST_SERVICE_IDS = 2000;

export const serviceId: Kind = {
  token: SERVICE_ID,
  docs: `${DOCS}/iam_service_id`,
  replaceOn: [],
  /**
   * Names need not be unique; there is a limit for their number, which the condition `quota` brings down to none.
   * https://cloud.ibm.com/docs/account?topic=account-known-issues#iam_limits
   */
  create(_inputs, cloud) {
    const full =
      cloud.store.list(SERVICE_ID).length >= MOST_SERVICE_IDS ||
      cloud.faults.holds("quota", "serviceids");
    if (full)
      throw new Refusal(
        "service-ids",
        "[ERROR] Error creating service ID: You have reached the maximum number of service IDs for this account.",
      );
    const id = `ServiceId-${randomUUID()}`;
    return {
      id,
      outputs: {
        iamId: `iam-${id}`,
        crn: crn("iam-identity", { region: "", type: "serviceid", resource: id }),
        version: `1-${hex(16)}`,
        locked: false,
      },
    };
  },
  /** Its keys and policies go with it: https://cloud.ibm.com/docs/account?topic=account-serviceids#delete_serviceid */
  deleted({ id }, cloud) {
    const iamId = `iam-${id}`;
    for (const held of [...cloud.store.list(SERVICE_API_KEY), ...cloud.store.list(SERVICE_POLICY)])
      if (held.outputs["iamServiceId"] === iamId || held.outputs["iamServiceId"] === id)
        cloud.store.remove(held);
  },
};

const ROLES = ["Reader", "Writer", "Manager", "Viewer", "Operator", "Editor", "Administrator"];

export const servicePolicy: Kind = {
  token: SERVICE_POLICY,
  docs: `${DOCS}/iam_service_policy`,
  replaceOn: ["iamServiceId", "iamId", "transactionId"],
  create(inputs, cloud) {
    const subject = text(inputs, "iamServiceId");
    if (cloud.store.find(SERVICE_ID, subject) === undefined)
      throw new Refusal(
        "policy-without-service-id",
        `[ERROR] Error fetching service ID: Provided ServiceId not found`,
      );
    const unknown = texts(inputs, "roles").filter((role) => !ROLES.includes(role));
    if (unknown.length > 0)
      throw new Refusal(
        "role-unknown",
        `[ERROR] Value(s) (${unknown.join(", ")}) are not valid. Valid values are ${ROLES.join(", ")}`,
      );
    const policy = randomUUID();
    return { id: `${subject}/${policy}`, outputs: { policy } };
  },
};

export const serviceApiKey: Kind = {
  token: SERVICE_API_KEY,
  docs: `${DOCS}/iam_service_api_key`,
  replaceOn: ["iamServiceId", "apikey", "storeValue"],
  create(inputs, cloud) {
    const iamId = text(inputs, "iamServiceId");
    if (cloud.store.find(SERVICE_ID, iamId.replace(/^iam-/, "")) === undefined)
      throw new Refusal(
        "key-without-service-id",
        "[ERROR] Service API Key creation Error: Provided service ID could not be found",
      );
    const id = `ApiKey-${randomUUID()}`;
    return {
      id,
      outputs: {
        accountId: ACCOUNT,
        apikey: text(inputs, "apikey") || newApiKey(),
        createdAt: new Date(cloud.now()).toISOString(),
        createdBy: OWNER,
        crn: crn("iam-identity", { region: "", type: "apikey", resource: id }),
        entityTag: `1-${hex(16)}`,
        locked: flag(inputs, "locked"),
        modifiedAt: new Date(cloud.now()).toISOString(),
      },
    };
  },
};

/** Seconds at latency 1 until a new policy is known everywhere. https://cloud.ibm.com/docs/account?topic=account-iamoverview#eventual-consistency */
const POLICY_SECONDS = 30;

/** Whether a service ID may pull from a namespace of Container Registry: a policy on it, or on all, has taken effect. */
export const mayPull = (cloud: Cloud, iamId: string, namespace: string): boolean =>
  cloud.store
    .list(SERVICE_POLICY)
    .filter((policy) => `iam-${text(policy.outputs, "iamServiceId")}` === iamId)
    .filter((policy) => isInEffect(policy, cloud))
    .some(({ outputs }) => isFor(child(outputs, "resources"), namespace));

function isInEffect({ createdAt }: Stored, cloud: Cloud): boolean {
  return cloud.now() - createdAt >= POLICY_SECONDS * 1000 * cloud.settings.latency;
}

const isFor = (resources: Values, namespace: string): boolean =>
  text(resources, "service") === "container-registry" &&
  [namespace, undefined].includes(text(resources, "resource") || undefined);
