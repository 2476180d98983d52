import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { text, type Values } from "../values";
import { crn, hex, regionalId } from "./ids";
import { LOAD_BALANCER } from "./tokens";

/** What a VPC load balancer is made for. */
export interface BalancerOwner {
  readonly cluster: string;
  /** Default: none, for the one that clusters bring with them. */
  readonly service?: { readonly uid: string; readonly namespace: string; readonly name: string };
}

export interface BalancerArgs {
  readonly region: string;
  readonly vpc: string;
  readonly subnets: readonly string[];
  readonly owner: BalancerOwner;
  readonly kind: "alb" | "nlb";
  readonly scope: "public" | "private";
  /** Default: one after the cluster, and it goes with the cluster. */
  readonly name?: string;
}

/**
 * A load balancer of VPC infrastructure with its address: that of an ALB is told by host name, that of an NLB as it is.
 * https://cloud.ibm.com/docs/containers?topic=containers-setup_vpc_alb, …-setup_vpc_nlb
 */
export function recordBalancer(cloud: Cloud, args: BalancerArgs): Stored {
  const { region, vpc, subnets, owner, kind, scope, name } = args;
  const id = regionalId(region);
  const address = cloud.address();
  const hostname = `${hex(4)}-${region}.lb.appdomain.cloud`;
  const uid = owner.service?.uid ?? hex(16);
  if (kind === "alb") cloud.host(hostname, address);
  return cloud.record(LOAD_BALANCER, id, {
    name: name ?? `kube-${owner.cluster}-${uid.replaceAll("-", "")}`,
    persistent: name !== undefined,
    crn: crn("is", { region, type: "load-balancer", resource: id }),
    cluster: owner.cluster,
    ...(owner.service === undefined ? {} : { service: { ...owner.service } }),
    vpc,
    subnets,
    kind,
    scope,
    hostname,
    address,
  });
}

/** Takes one away, with its listeners and its name. */
export async function removeBalancer(balancer: Stored, cloud: Cloud): Promise<void> {
  await cloud.balancers.close(text(balancer.outputs, "address"));
  cloud.forgetHost(text(balancer.outputs, "hostname"));
  cloud.store.remove(balancer);
}

/** What a Service or an Ingress is told of it. */
export const statusOf = ({ outputs }: Stored): Values =>
  outputs["kind"] === "alb"
    ? { hostname: text(outputs, "hostname") }
    : { ip: text(outputs, "address") };
