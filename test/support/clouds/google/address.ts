import type { Cloud } from "../cloud";
import type { Kind, Stored } from "../kind";
import { text, type Values } from "../values";
import { allow, refuseTaken, requireThere, withinQuota } from "./access";
import { googleError } from "./errors";
import { placeDefaults, projectDefault, RECORDS, selfLink, subnetworkId, TOKENS } from "./names";

export const address: Kind = {
  token: TOKENS.address,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_address",
  replaceOn: [
    "project",
    "region",
    "name",
    "addressType",
    "subnetwork",
    "description",
    "networkTier",
  ],
  autoNamed: true,
  defaults: placeDefaults,
  seconds: { create: 3, update: 2, delete: 3 },
  create(inputs, cloud) {
    const region = text(inputs, "region");
    const id = `projects/${text(inputs, "project")}/regions/${region}/addresses/${text(inputs, "name")}`;
    const doing = "Error creating Address";
    allow(cloud, inputs, {
      doing,
      api: "compute",
      permission: "compute.addresses.create",
      resource: id,
    });
    withinQuota(cloud, doing, "STATIC_ADDRESSES", `in region ${region}`);
    if (text(inputs, "addressType") === "INTERNAL")
      requireThere(cloud, TOKENS.subnetwork, doing, subnetworkId(inputs, region));
    refuseTaken(cloud, TOKENS.address, doing, id);
    return reserved(id, inputs, cloud);
  },
  delete: refuseUsed,
  deleted: release,
};

export const globalAddress: Kind = {
  token: TOKENS.globalAddress,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_global_address",
  replaceOn: ["project", "name", "addressType", "description", "ipVersion", "purpose"],
  autoNamed: true,
  defaults: projectDefault,
  seconds: { create: 3, update: 2, delete: 3 },
  create(inputs, cloud) {
    const id = `projects/${text(inputs, "project")}/global/addresses/${text(inputs, "name")}`;
    const doing = "Error creating GlobalAddress";
    allow(cloud, inputs, {
      doing,
      api: "compute",
      permission: "compute.globalAddresses.create",
      resource: id,
    });
    withinQuota(cloud, doing, "STATIC_ADDRESSES", "globally");
    refuseTaken(cloud, TOKENS.globalAddress, doing, id);
    return reserved(id, inputs, cloud);
  },
  delete: refuseUsed,
  deleted: release,
};

const reserved = (id: string, inputs: Values, cloud: Cloud) => ({
  id,
  outputs: {
    address: text(inputs, "address") || cloud.address(),
    selfLink: selfLink(id),
    creationTimestamp: new Date(cloud.now()).toISOString(),
  },
});

/** The forwarding rule that has an address. */
export const userOf = (cloud: Cloud, address: string): Stored | undefined =>
  cloud.store
    .list(RECORDS.forwardingRule)
    .find(({ outputs }) => text(outputs, "IPAddress") === address);

/** https://cloud.google.com/vpc/docs/reserve-static-external-ip-address#release_ip @throws CloudError while a balancer has it */
function refuseUsed({ id, outputs }: Stored, cloud: Cloud): void {
  const user = userOf(cloud, text(outputs, "address"));
  if (user === undefined) return;
  throw googleError(
    "address-in-use",
    "Error when reading or editing Address",
    400,
    `The address resource '${id}' is already being used by '${user.id}'`,
    "resourceInUseByAnotherResource",
  );
}

async function release({ outputs }: Stored, cloud: Cloud): Promise<void> {
  await cloud.balancers.close(text(outputs, "address"));
}
