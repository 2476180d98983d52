import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { children, text } from "../values";
import { removeBalancer } from "./balancer-records";
import { crn, hex, regionalId, zonalId } from "./ids";
import { workersPerZone } from "./cluster-rules";
import { release } from "./network-use";
import { ENDPOINT_GATEWAY, LOAD_BALANCER, NETWORK_INTERFACE, SECURITY_GROUP } from "./tokens";

/**
 * What a cluster makes in its VPC: a network interface for each worker, security groups, a gateway to its master.
 * https://cloud.ibm.com/docs/containers?topic=containers-vpc-security-group-reference, …-vpc-service-to-service
 */
export function joinNetwork(cluster: Stored, cloud: Cloud): void {
  const { id, inputs, outputs } = cluster;
  const vpc = text(inputs, "vpcId");
  const region = text(outputs, "region");
  for (const zone of children(inputs, "zones"))
    for (let n = 0; n < workersPerZone(inputs); n++)
      cloud.record(NETWORK_INTERFACE, zonalId(text(zone, "name")), {
        subnet: text(zone, "subnetId"),
        instance: `${zonalId(text(zone, "name"))}-${hex(3).slice(0, 5)}`,
        cluster: id,
        vpc,
      });
  const named = (kind: string, type: string, name: string) => {
    const own = regionalId(region);
    cloud.record(kind, own, {
      name,
      vpc,
      cluster: id,
      crn: crn("is", { region, type, resource: own }),
    });
  };
  for (const prefix of ["kube", "kube-lbaas", "kube-vpegw"])
    named(SECURITY_GROUP, "security-group", `${prefix}-${id}`);
  named(ENDPOINT_GATEWAY, "endpoint-gateway", `iks-${id}`);
}

/**
 * All of it goes with the cluster; load balancers too, unless their Service gave them a name of their own.
 * https://cloud.ibm.com/docs/containers?topic=containers-vpclb_manage#vpc_lb_persist
 */
export async function leaveNetwork({ id }: Stored, cloud: Cloud): Promise<void> {
  const own = ({ outputs }: Stored) => outputs["cluster"] === id;
  for (const kind of [SECURITY_GROUP, ENDPOINT_GATEWAY])
    for (const held of cloud.store.list(kind).filter(own)) cloud.store.remove(held);
  for (const held of cloud.store.list(NETWORK_INTERFACE).filter(own)) release(cloud, held);
  for (const balancer of cloud.store.list(LOAD_BALANCER).filter(own))
    if (balancer.outputs["persistent"] !== true) await removeBalancer(balancer, cloud);
}
