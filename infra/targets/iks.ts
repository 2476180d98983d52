/**
 * Target iks: IBM Cloud Kubernetes Service.
 * Creates a VPC with a subnet in each zone, and a public gateway where workers may call the internet; a cluster with its workers, and the
 * autoscaler add-on where wanted; a namespace of IBM Cloud Container Registry with its retention policy, and a service ID that pulls from
 * it. On classic infrastructure the cluster brings its own network. Needs IC_API_KEY of somebody with the roles Administrator and Manager
 * for Kubernetes Service and Container Registry, Administrator for VPC Infrastructure and IAM Identity Service, Viewer of the resource
 * group; and a Docker daemon that builds.
 */
import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";
import type { IksConfig } from "../config/targets/iks";
import { createCluster } from "./ibm/cluster";
import { connect } from "./ibm/connection";
import { apiKey, ibmContext } from "./ibm/context";
import { nodeAddresses } from "./ibm/node-addresses";
import { prices } from "./ibm/prices";
import { IbmRegistry } from "./ibm/registry";
import { gpuFacts } from "./ibm/worker-pools";
import {
  BASE_IMAGE_USER,
  type Cluster,
  type Front,
  type FrontArgs,
  type NodeAddress,
  type RegistryStore,
  type Target,
} from "./target";

const FLAVORS = { vpc: "bx2.2x8", classic: "b3c.4x16" } as const;

/** @throws ProgramError without an API key */
export function iks(config: IksConfig): Target {
  apiKey();
  const gpu = gpuFacts(config);
  return {
    name: "iks",
    platform: "linux/amd64",
    defaultExposure: "LoadBalancer",
    capabilities: {
      exposures: ["LoadBalancer", "Ingress", "NodePort", "ClusterIP"],
      // Workers on a VPC have private addresses only: https://cloud.ibm.com/docs/containers?topic=containers-nodeport
      nodePortsReachable: false,
      customMetrics: false,
      gitBuild: false,
      tls: ["managed", "given"],
      internal: ["LoadBalancer"],
      ...(gpu === undefined ? {} : { gpu }),
    },
    podSecurity: { runAsUser: BASE_IMAGE_USER },
    build: {},
    priceBasis: prices(config, flavorOf(config)),
    provision: (stack) => new IksCluster("iks", config, stack),
  };
}

const flavorOf = ({ flavor, infrastructure }: IksConfig) => flavor ?? FLAVORS[infrastructure];

/** The cluster with all that belongs to it. */
class IksCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: Provider;
  readonly kubeconfig: pulumi.Output<string>;
  readonly images: RegistryStore;
  readonly front: (args: FrontArgs) => Front;

  constructor(name: string, config: IksConfig, stack: string) {
    super("modelport:index:IksCluster", name);
    const context = ibmContext(name, config, stack, this);
    this.images = new IbmRegistry("registry", context).store;
    const cluster = createCluster(context, { flavor: flavorOf(config) });
    const { provider, kubeconfig, front } = connect(name, context, cluster);
    this.provider = provider;
    this.kubeconfig = kubeconfig;
    this.front = front;
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  nodeAddresses(): pulumi.Output<readonly NodeAddress[]> {
    return nodeAddresses(this.kubeconfig);
  }
}
