import { BlockList, isIPv4 } from "node:net";
import type { Cloud } from "../cloud";
import type { Kind, Stored } from "../kind";
import { children, text, type Values } from "../values";
import { allow, inUse, refuseTaken, requireThere, withinQuota } from "./access";
import { googleError } from "./errors";
import {
  networkId,
  placeDefaults,
  projectDefault,
  RECORDS,
  selfLink,
  subnetworkId,
  TOKENS,
} from "./names";

export const network: Kind = {
  token: TOKENS.network,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_network",
  replaceOn: ["project", "name", "autoCreateSubnetworks", "description"],
  autoNamed: true,
  defaults: projectDefault,
  seconds: { create: 12, delete: 12 },
  create(inputs, cloud) {
    const id = `projects/${text(inputs, "project")}/global/networks/${text(inputs, "name")}`;
    const doing = "Error creating Network";
    allow(cloud, inputs, {
      doing,
      api: "compute",
      permission: "compute.networks.create",
      resource: id,
    });
    withinQuota(cloud, doing, "NETWORKS", "globally");
    refuseTaken(cloud, TOKENS.network, doing, id);
    return {
      id,
      outputs: { selfLink: selfLink(id), networkId: String(cloud.now()), gatewayIpv4: "" },
    };
  },
  delete(stored, cloud) {
    const { id } = stored;
    const doing = "Error waiting for Deleting Network";
    allow(cloud, stored.inputs, {
      doing: "Error when reading or editing Network",
      api: "compute",
      permission: "compute.networks.delete",
      resource: id,
    });
    const user = usersOfNetwork(cloud, id)[0];
    if (user !== undefined) throw inUse(doing, "network", id, user.id);
  },
};

/**
 * What keeps a network from being deleted: subnetworks, routers, firewalls.
 * https://cloud.google.com/vpc/docs/create-modify-vpc-networks#delete_network
 */
function usersOfNetwork(cloud: Cloud, id: string): Stored[] {
  const kinds = [TOKENS.subnetwork, TOKENS.router, RECORDS.firewall];
  return kinds.flatMap((kind) =>
    cloud.store.list(kind).filter(({ outputs }) => networkId(outputs) === id),
  );
}

export const subnetwork: Kind = {
  token: TOKENS.subnetwork,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_subnetwork",
  replaceOn: ["project", "region", "name", "network", "description", "purpose"],
  autoNamed: true,
  defaults: placeDefaults,
  seconds: { create: 10, update: 8, delete: 10 },
  create(inputs, cloud) {
    const region = text(inputs, "region");
    const id = subnetworkId({ ...inputs, subnetwork: text(inputs, "name") }, region);
    const doing = "Error creating Subnetwork";
    allow(cloud, inputs, {
      doing,
      api: "compute",
      permission: "compute.subnetworks.create",
      resource: id,
    });
    requireThere(cloud, TOKENS.network, doing, networkId(inputs));
    refuseTaken(cloud, TOKENS.subnetwork, doing, id);
    refuseOverlap(cloud, doing, inputs, id);
    return {
      id,
      outputs: {
        selfLink: selfLink(id),
        gatewayAddress: text(inputs, "ipCidrRange").replace(/\.\d+\/.*/, ".1"),
      },
    };
  },
  update(stored, inputs, cloud) {
    refuseOverlap(cloud, `Error updating Subnetwork "${stored.id}"`, inputs, stored.id);
    return { ...stored.outputs, ...inputs };
  },
  delete({ id }, cloud) {
    const user = usersOfSubnetwork(cloud, id)[0];
    if (user !== undefined)
      throw inUse("Error waiting for Deleting Subnetwork", "subnetwork", id, user.id);
  },
};

/** Machines of clusters, internal addresses and balancers: https://cloud.google.com/vpc/docs/create-modify-vpc-networks#delete-subnet */
function usersOfSubnetwork(cloud: Cloud, id: string): Stored[] {
  const kinds = [RECORDS.instance, TOKENS.address, RECORDS.forwardingRule];
  return kinds.flatMap((kind) =>
    cloud.store
      .list(kind)
      .filter(
        ({ outputs }) =>
          text(outputs, "subnetwork") !== "" &&
          subnetworkId(outputs, text(outputs, "region")) === id,
      ),
  );
}

/**
 * Ranges of a network's subnetworks, secondary ones too, may not overlap.
 * https://cloud.google.com/vpc/docs/subnets#valid-ranges; words as in terraform-google-modules/terraform-google-network#20
 * @throws CloudError
 */
function refuseOverlap(cloud: Cloud, doing: string, inputs: Values, own: string): void {
  const refuse = (field: string, range: string, name: string, region: string) =>
    googleError(
      "range-overlap",
      doing,
      400,
      `Invalid value for field 'resource.${field}': '${range}'. Invalid IPCidrRange: ${range} conflicts with existing ` +
        `subnetwork '${name}' in region '${region}'.`,
      "invalid",
    );
  const ranges = rangesOf(inputs);
  const others = cloud.store
    .list(TOKENS.subnetwork)
    .filter(({ id, inputs: other }) => id !== own && networkId(other) === networkId(inputs));
  for (const [index, { field, range }] of ranges.entries()) {
    if (ranges.slice(0, index).some((before) => overlap(before.range, range)))
      throw refuse(field, range, text(inputs, "name"), text(inputs, "region"));
    for (const other of others)
      if (rangesOf(other.inputs).some((its) => overlap(its.range, range)))
        throw refuse(field, range, text(other.inputs, "name"), text(other.inputs, "region"));
  }
}

function rangesOf(inputs: Values): { field: string; range: string }[] {
  return [
    { field: "ipCidrRange", range: text(inputs, "ipCidrRange") },
    ...children(inputs, "secondaryIpRanges").map((range, i) => ({
      field: `secondaryIpRanges[${i}].ipCidrRange`,
      range: text(range, "ipCidrRange"),
    })),
  ];
}

/** Whether one of two ranges has the other's first address. */
export function overlap(a: string, b: string): boolean {
  return holds(a, b) || holds(b, a);
}

function holds(range: string, other: string): boolean {
  const [address = "", bits = "32"] = range.split("/");
  const [first = ""] = other.split("/");
  if (!isIPv4(address) || !isIPv4(first)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits));
  return list.check(first);
}
