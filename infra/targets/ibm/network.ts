import * as pulumi from "@pulumi/pulumi";
import { IsPublicGateway } from "@pulumi/ibm/isPublicGateway";
import { IsSubnet } from "@pulumi/ibm/isSubnet";
import { IsVpc } from "@pulumi/ibm/isVpc";
import type { IbmContext } from "./context";
import { zoneName, zonesOf } from "./names";

/** A VPC of the stack's own, with a subnet in each zone of the workers. */
export class VpcNetwork extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  /** As clusters and worker pools take them. */
  readonly zones: readonly { readonly name: string; readonly subnetId: pulumi.Output<string> }[];

  constructor(name: string, context: IbmContext) {
    super("modelport:ibm:VpcNetwork", name, {}, { parent: context.own.parent });
    const { config, stack, tags, resourceGroupId } = context;
    const own = { ...context.own, parent: this };
    const common = {
      tags,
      ...(resourceGroupId === undefined ? {} : { resourceGroup: resourceGroupId }),
    };
    const vpc = new IsVpc(name, { name: context.name, ...common }, own);
    this.vpcId = vpc.id;
    this.zones = zonesOf(config).map((zone) => {
      const place = {
        name: zoneName(stack, zone),
        vpc: vpc.id,
        zone,
        ...common,
      };
      // Workers may not call the internet anyway, unless config lets them: then they need a way.
      const gateway = config.disableOutboundTrafficProtection
        ? new IsPublicGateway(zone, place, own)
        : undefined;
      const subnet = new IsSubnet(
        zone,
        {
          ...place,
          totalIpv4AddressCount: config.subnetAddresses,
          ...(gateway === undefined ? {} : { publicGateway: gateway.id }),
        },
        // Another size would be another subnet: its name is taken, and the old one can't go while workers are in it.
        { ...own, ignoreChanges: ["totalIpv4AddressCount"] },
      );
      return { name: zone, subnetId: subnet.id };
    });
    this.registerOutputs({ vpcId: this.vpcId });
  }
}
