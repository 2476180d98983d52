import { randomUUID } from "node:crypto";
import type { CloudFunction, Kind } from "../kind";
import { text } from "../values";
import { Refusal } from "./errors";
import { ACCOUNT, crn, OWNER, RESOURCE_GROUP } from "./ids";
import { RESOURCE_INSTANCE } from "./tokens";

/** Services and plans that there are, as far as the program could ask for them. */
const PLANS: Readonly<Record<string, readonly string[]>> = {
  "cloud-object-storage": ["lite", "standard"],
};

export const resourceInstance: Kind = {
  token: RESOURCE_INSTANCE,
  docs: "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/resource_instance",
  replaceOn: ["service", "location", "resourceGroupId"],
  seconds: { create: 20, delete: 10 },
  create(inputs, cloud) {
    const [service, plan, location] = ["service", "plan", "location"].map((key) =>
      text(inputs, key),
    ) as [string, string, string];
    const plans = PLANS[service];
    if (plans === undefined)
      throw new Refusal(
        "service-unknown",
        `[ERROR] Error retrieving service offering: ${service} not found`,
      );
    if (!plans.includes(plan))
      throw new Refusal(
        "plan-unknown",
        `[ERROR] Error retrieving plan: No plan found with name: ${plan} for service: ${service}`,
      );
    if (location !== "global")
      throw new Refusal(
        "location-unknown",
        `[ERROR] No deployment found for service plan ${plan} at location ${location}. Valid location(s) are: ["global"].`,
      );
    const guid = randomUUID();
    const id = crn(service, { region: location, instance: guid });
    return {
      id,
      outputs: {
        accountId: ACCOUNT,
        allowCleanup: false,
        createdAt: new Date(cloud.now()).toISOString(),
        createdBy: OWNER,
        crn: id,
        guid,
        resourceId: "dff97f5c-bc5e-4455-b470-411c3edbe49c",
        resourceName: text(inputs, "name"),
        resourceGroupId: text(inputs, "resourceGroupId") || RESOURCE_GROUP.id,
        resourceGroupName: RESOURCE_GROUP.name,
        locked: false,
        state: "active",
        status: "active",
        type: "service_instance",
      },
    };
  },
  // The provider deletes with `recursive`, so that keys of a cluster's registry in it are no obstacle.
};

/**
 * What a deletion without `recursive` gets while there are keys, as a cluster's registry has one.
 * https://github.com/openshift/installer/pull/5211
 */
export const KEYS_FIRST = "Cannot delete instance or alias, resource keys must first be deleted.";

/** https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/data-sources/resource_group */
export const getResourceGroup: CloudFunction = (inputs) => {
  const name = text(inputs, "name");
  if (inputs["isDefault"] !== true && name !== RESOURCE_GROUP.name)
    throw new Refusal(
      "resource-group-unknown",
      `[ERROR] Error retrieving resource group ${name}: Given resource Group is not found in the account`,
    );
  return {
    ...RESOURCE_GROUP,
    accountId: ACCOUNT,
    crn: crn("resource-controller", {
      region: "",
      type: "resource-group",
      resource: RESOURCE_GROUP.id,
    }),
    isDefault: true,
    state: "ACTIVE",
  };
};
