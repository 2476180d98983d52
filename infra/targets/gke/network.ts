import { Network } from "@pulumi/gcp/compute/network";
import { Router } from "@pulumi/gcp/compute/router";
import { RouterNat } from "@pulumi/gcp/compute/routerNat";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork";
import type * as pulumi from "@pulumi/pulumi";
import type { GkeContext } from "./context";

export interface GkeNetwork {
  readonly network: Network;
  readonly subnetwork: Subnetwork;
  /** The way out of nodes without public addresses; empty where they have some. */
  readonly egress: readonly pulumi.Resource[];
}

/** Names of the subnetwork's ranges. */
export const POD_RANGE = "pods";
export const SERVICE_RANGE = "services";

/** A network of the stack's own, with ranges for pods and services: the cluster is VPC-native. */
export function network(context: GkeContext): GkeNetwork {
  const { config, name, own, apis } = context;
  const { project, region } = config;
  const vpc = new Network(
    "network",
    { project, name, autoCreateSubnetworks: false },
    { ...own, dependsOn: [...apis] },
  );
  const subnetwork = new Subnetwork(
    "nodes",
    {
      project,
      region,
      name,
      network: vpc.id,
      ipCidrRange: config.network.nodeRange,
      secondaryIpRanges: [
        { rangeName: POD_RANGE, ipCidrRange: config.network.podRange },
        { rangeName: SERVICE_RANGE, ipCidrRange: config.network.serviceRange },
      ],
      // Pulls from the registry and calls of Google's APIs don't go through NAT.
      privateIpGoogleAccess: true,
    },
    own,
  );
  return {
    network: vpc,
    subnetwork,
    egress: config.privateNodes ? [nat(context, vpc)] : [],
  };
}

/** Without it private nodes reach no registry but Google's. */
function nat({ config, name, own }: GkeContext, vpc: Network): RouterNat {
  const { project, region } = config;
  const router = new Router("router", { project, region, name, network: vpc.id }, own);
  return new RouterNat(
    "nat",
    {
      project,
      region,
      name,
      router: router.name,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    own,
  );
}
