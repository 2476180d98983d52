import type { Cloud } from "../cloud";
import type { Kind, Made, Stored } from "../kind";
import { isValues, text, type Values } from "../values";
import { vpcError } from "./errors";
import { crn, regionalId, regionOf, RESOURCE_GROUP, zonalId } from "./ids";
import { interfacesIn, whatIsIn } from "./network-use";
import { regionOfProvider } from "./account";
import { PUBLIC_GATEWAY, SUBNET, VPC } from "./tokens";
import { count } from "./values";

const DOCS = "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources";

export const vpc: Kind = {
  token: VPC,
  docs: `${DOCS}/is_vpc`,
  replaceOn: ["classicAccess", "addressPrefixManagement", "resourceGroup"],
  seconds: { create: 10, delete: 10 },
  create(inputs, cloud) {
    const region = regionOfProvider(cloud);
    checkName("CreateVPCWithContext", VPC, inputs, cloud);
    const id = regionalId(region);
    return {
      id,
      outputs: {
        ...described("vpc", region, id, inputs),
        defaultSecurityGroup: regionalId(region),
        defaultNetworkAcl: regionalId(region),
        defaultRoutingTable: regionalId(region),
        classicAccess: false,
        addressPrefixManagement: "auto",
        status: "available",
      },
    };
  },
  /** Only an empty one goes. https://github.com/kubernetes-sigs/cluster-api-provider-ibmcloud/issues/308 shows the text. */
  delete({ id }, cloud) {
    const held = whatIsIn(cloud, id);
    if (held === undefined) return;
    throw vpcError(
      "vpc-in-use",
      "DeleteVPCWithContext",
      `The VPC is in use and cannot be deleted. ${held.kind} [${held.ids.join(", ")}]`,
    );
  },
};

export const publicGateway: Kind = {
  token: PUBLIC_GATEWAY,
  docs: `${DOCS}/is_public_gateway`,
  replaceOn: ["vpc", "zone", "floatingIp", "resourceGroup"],
  seconds: { create: 10, delete: 10 },
  /** One a zone: https://cloud.ibm.com/docs/vpc?topic=vpc-about-public-gateways */
  create(inputs, cloud) {
    const network = found(inputs, cloud);
    const zone = text(inputs, "zone");
    checkName("CreatePublicGatewayWithContext", PUBLIC_GATEWAY, inputs, cloud);
    const others = cloud.store
      .list(PUBLIC_GATEWAY)
      .filter(({ outputs }) => outputs["vpc"] === network.id && outputs["zone"] === zone);
    if (others.length > 0)
      throw vpcError(
        "gateway-taken",
        "CreatePublicGatewayWithContext",
        "The zone already has a public gateway for this VPC.",
      );
    const id = regionalId(regionOf(zone));
    const floatingIp = { address: "192.0.2.80", id: regionalId(regionOf(zone)) };
    return {
      id,
      outputs: {
        ...described("public-gateway", regionOf(zone), id, inputs),
        floatingIp: { ...floatingIp, ...(isValues(inputs["floatingIp"]) && inputs["floatingIp"]) },
        status: "available",
      },
    };
  },
  /** https://cloud.ibm.com/docs/vpc?topic=vpc-rias-error-messages: public_gateway_in_use */
  delete({ id }, cloud) {
    const attached = cloud.store
      .list(SUBNET)
      .some(({ outputs, state }) => state !== "deleting" && outputs["publicGateway"] === id);
    if (attached)
      throw vpcError(
        "gateway-in-use",
        "DeletePublicGatewayWithContext",
        "Cannot delete a public gateway when it is in use.",
      );
  },
};

const SIZES = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

/** How long the provider asks again and again while a subnet is in use: its default timeout of deletions. */
const RETRY_SECONDS = 600;
const RETRY_EVERY_SECONDS = 10;

export const subnet: Kind = {
  token: SUBNET,
  docs: `${DOCS}/is_subnet`,
  replaceOn: [
    ...["vpc", "zone", "ipv4CidrBlock", "totalIpv4AddressCount", "ipVersion"],
    "resourceGroup",
  ],
  seconds: { create: 10, delete: 10 },
  create(inputs, cloud) {
    const network = found(inputs, cloud);
    const zone = text(inputs, "zone");
    checkName("CreateSubnetWithContext", SUBNET, inputs, cloud, network.id);
    const size = count(inputs, "totalIpv4AddressCount", 256);
    if (!SIZES.includes(size))
      throw vpcError(
        "subnet-size",
        "CreateSubnetWithContext",
        `The total_ipv4_address_count ${size} is not a power of two between 8 and 16384.`,
      );
    checkGateway(inputs, network.id, zone, cloud);
    const id = zonalId(zone);
    const bits = 32 - Math.log2(size);
    const taken = cloud.store.list(SUBNET).length;
    return {
      id,
      outputs: {
        ...described("subnet", regionOf(zone), id, inputs),
        totalIpv4AddressCount: size,
        // Five of each subnet are the VPC's own: https://cloud.ibm.com/docs/vpc?topic=vpc-about-networking-for-vpc
        availableIpv4AddressCount: size - 5,
        ipv4CidrBlock: text(inputs, "ipv4CidrBlock") || `10.240.${taken * 4}.0/${bits}`,
        ipVersion: "ipv4",
        networkAcl: text(network.outputs, "defaultNetworkAcl"),
        routingTable: text(network.outputs, "defaultRoutingTable"),
        status: "available",
      },
    };
  },
  update(resource, inputs, cloud) {
    checkGateway(inputs, text(resource.outputs, "vpc"), text(resource.outputs, "zone"), cloud);
    return { ...resource.outputs, publicGateway: undefined, ...inputs };
  },
  /**
   * Workers and load balancers hold it until some time after they are gone; the provider asks again for as long as a deletion may
   * take, then gives the last answer. https://github.com/IBM-Cloud/terraform-provider-ibm/issues/2779
   */
  async delete({ id }, cloud) {
    for (let waited = 0; ; waited += RETRY_EVERY_SECONDS) {
      const held = interfacesIn(cloud, id);
      if (held.length === 0) return;
      if (waited >= RETRY_SECONDS)
        throw vpcError(
          "subnet-in-use",
          "DeleteSubnetWithContext on retry",
          `Cannot delete the subnet while it is in use by one or more network interfaces. Please delete the network interfaces or their associated servers and retry: [ ${held.join(", ")} ].`,
        );
      await cloud.sleep(RETRY_EVERY_SECONDS);
    }
  },
};

/** The VPC that inputs name. @throws CloudError where there is none */
function found(inputs: Values, cloud: Cloud): Stored {
  const network = cloud.store.find(VPC, text(inputs, "vpc"));
  if (network === undefined)
    throw vpcError(
      "vpc-unknown",
      "GetVPCWithContext",
      `VPC not found with id: ${text(inputs, "vpc")}`,
    );
  return network;
}

function checkGateway(inputs: Values, network: string, zone: string, cloud: Cloud): void {
  const id = text(inputs, "publicGateway");
  if (id === "") return;
  const gateway = cloud.store.find(PUBLIC_GATEWAY, id);
  if (gateway?.outputs["vpc"] === network && gateway.outputs["zone"] === zone) return;
  throw vpcError(
    "gateway-unknown",
    "SetSubnetPublicGatewayWithContext",
    "Public Gateway not found",
  );
}

/**
 * Names are unique in an account's region, a subnet's in its VPC.
 * https://github.com/IBM/vpc-python-sdk/pull/65 shows the text.
 */
function checkName(
  operation: string,
  kind: string,
  inputs: Values,
  cloud: Cloud,
  network?: string,
): void {
  const name = text(inputs, "name");
  const taken = cloud.store
    .list(kind)
    .some(
      ({ outputs }) =>
        outputs["name"] === name && (network === undefined || outputs["vpc"] === network),
    );
  if (taken) throw vpcError("name-taken", operation, `Provided Name (${name}) is not unique`);
}

/** What all of VPC infrastructure tell of themselves. */
function described(type: string, region: string, id: string, inputs: Values): Values {
  const own = crn("is", { region, type, resource: id });
  return {
    crn: own,
    resourceCrn: own,
    resourceName: text(inputs, "name"),
    resourceGroup: text(inputs, "resourceGroup") || RESOURCE_GROUP.id,
    resourceGroupName: RESOURCE_GROUP.name,
    resourceStatus: "available",
    resourceControllerUrl: "https://cloud.ibm.com/vpc-ext/network",
  } satisfies Made["outputs"];
}
