import * as pulumi from "@pulumi/pulumi";
import { ContainerCluster } from "@pulumi/ibm/containerCluster";
import { ContainerVpcCluster } from "@pulumi/ibm/containerVpcCluster";
import { ProgramError } from "../../errors";
import type { IbmContext } from "./context";
import { clusterName } from "./names";
import { VpcNetwork } from "./network";
import { classicPool, workerPools, type WorkerArgs } from "./worker-pools";

/** A cluster with its workers. */
export interface IbmCluster {
  readonly name: string;
  readonly id: pulumi.Output<string>;
  /** The domain that its Ingress answers for. */
  readonly domain: pulumi.Output<string>;
  /** Name of the Secret with the domain's certificate. */
  readonly domainSecret: pulumi.Output<string>;
  /** What pods run on: they go before it. */
  readonly resources: readonly pulumi.Resource[];
}

/** Beside what both kinds of cluster have in config. */
export interface ClusterArgs extends WorkerArgs {
  /** CRN of the Cloud Object Storage that OpenShift's registry keeps its images in. Default: none. */
  readonly cosInstanceCrn?: pulumi.Output<string>;
}

/**
 * When creation counts as done. On a VPC with the Ingress' domain, which is read then and not again: "Normal" speaks of workers alone.
 * On classic infrastructure the provider knows no IngressReady, and would wait for the master only.
 * https://cloud.ibm.com/docs/containers?topic=containers-cluster-states-reference
 */
const WAIT_TILL = { vpc: "IngressReady", classic: "Normal" } as const;

/** On a VPC of its own, or on classic infrastructure. */
export function createCluster(context: IbmContext, args: ClusterArgs): IbmCluster {
  return context.config.infrastructure === "vpc"
    ? vpcCluster(context, args)
    : classicCluster(context, args);
}

function vpcCluster(context: IbmContext, args: ClusterArgs): IbmCluster {
  const { config, own, tags } = context;
  const network = new VpcNetwork("network", context);
  const cluster = new ContainerVpcCluster(
    "cluster",
    {
      ...common(context, args),
      vpcId: network.vpcId,
      flavor: args.flavor,
      zones: [...network.zones],
      workerCount: config.workersPerZone,
      disableOutboundTrafficProtection: config.disableOutboundTrafficProtection,
      tags,
      ...(args.cosInstanceCrn === undefined ? {} : { cosInstanceCrn: args.cosInstanceCrn }),
    },
    { ...own, protect: config.deletionProtection },
  );
  const pools = workerPools(context, network, cluster, args);
  return { ...facts(context, cluster), resources: [cluster, ...pools] };
}

/** https://cloud.ibm.com/docs/containers?topic=containers-classic-create-restriction */
const CLASSIC_IS_CLOSED =
  "a classic cluster is made only for accounts that have one in this region already; others get E501e (Classic cluster creation is not supported in regions that do not have existing classic clusters): take infrastructure: vpc, or a region where you have one";

function classicCluster(context: IbmContext, args: ClusterArgs): IbmCluster {
  const { config, own, tags } = context;
  const { classic } = config;
  if (classic === undefined)
    throw new ProgramError("a cluster on classic infrastructure needs a data centre");
  const cluster = new ContainerCluster(
    "cluster",
    {
      ...common(context, args),
      datacenter: classic.datacenter,
      hardware: "shared",
      machineType: args.flavor,
      defaultPoolSize: config.workersPerZone,
      publicServiceEndpoint: true,
      privateServiceEndpoint: true,
      tags,
      ...(classic.publicVlanId === undefined ? {} : { publicVlanId: classic.publicVlanId }),
      ...(classic.privateVlanId === undefined ? {} : { privateVlanId: classic.privateVlanId }),
    },
    { ...own, protect: config.deletionProtection },
  );
  if (pulumi.runtime.isDryRun()) void pulumi.log.warn(CLASSIC_IS_CLOSED, cluster);
  const pool = classicPool(context, cluster, args);
  return { ...facts(context, cluster), resources: [cluster, pool] };
}

function common({ config, stack, resourceGroupId }: IbmContext, { entitlement }: ClusterArgs) {
  const { infrastructure, kubeVersion, operatingSystem, podSubnet, serviceSubnet } = config;
  return {
    name: clusterName(stack),
    waitTill: WAIT_TILL[infrastructure],
    // A new version comes to the workers too, one after the other.
    updateAllWorkers: true,
    ...(kubeVersion === undefined ? {} : { kubeVersion }),
    ...(operatingSystem === undefined ? {} : { operatingSystem }),
    ...(podSubnet === undefined ? {} : { podSubnet }),
    ...(serviceSubnet === undefined ? {} : { serviceSubnet }),
    ...(entitlement === undefined ? {} : { entitlement }),
    ...(resourceGroupId === undefined ? {} : { resourceGroupId }),
  };
}

function facts(
  { stack }: IbmContext,
  { id, ingressHostname, ingressSecret }: ContainerVpcCluster | ContainerCluster,
) {
  return { name: clusterName(stack), id, domain: ingressHostname, domainSecret: ingressSecret };
}
