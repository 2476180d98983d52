/**
 * Target openshift: Red Hat OpenShift on IBM Cloud.
 * Creates what target iks creates, with a cluster of OpenShift and, on a VPC, an instance of Cloud Object Storage that keeps the cluster's own
 * registry; images come from IBM Cloud Container Registry, or are built in the cluster from Git. Services stand behind the cluster's router.
 * Needs IC_API_KEY of somebody with the roles Administrator and Manager for Kubernetes Service and Container Registry, Administrator
 * for VPC Infrastructure, Cloud Object Storage and IAM Identity Service, Viewer of the resource group; and a Docker daemon that builds,
 * unless everything is built in the cluster.
 */
import * as pulumi from "@pulumi/pulumi";
import { ResourceInstance } from "@pulumi/ibm/resourceInstance";
import type { Provider } from "@pulumi/kubernetes/provider";
import type { OpenShiftConfig } from "../config/targets/openshift";
import { createCluster } from "./ibm/cluster";
import { connect } from "./ibm/connection";
import { apiKey, ibmContext, type IbmContext } from "./ibm/context";
import { storageName } from "./ibm/names";
import { nodeAddresses } from "./ibm/node-addresses";
import { prices } from "./ibm/prices";
import { IbmRegistry } from "./ibm/registry";
import { gitBuilder } from "./openshift/git-build";
import {
  type Cluster,
  type Front,
  type FrontArgs,
  type GitBuildArgs,
  type NodeAddress,
  type RegistryStore,
  type Target,
} from "./target";

/** The smallest that OpenShift runs on. */
const FLAVORS = { vpc: "bx2.4x16", classic: "b3c.4x16" } as const;

/** @throws ProgramError without an API key */
export function openshift(config: OpenShiftConfig): Target {
  apiKey();
  return {
    name: "openshift",
    platform: "linux/amd64",
    defaultExposure: "Route",
    capabilities: {
      exposures: ["Route", "LoadBalancer", "NodePort", "ClusterIP"],
      nodePortsReachable: false,
      customMetrics: false,
      gitBuild: true,
      tls: ["managed", "given"],
      internal: ["LoadBalancer"],
    },
    // restricted-v2 gives each namespace users of its own, and refuses any other.
    podSecurity: {},
    build: {},
    priceBasis: prices(config, flavorOf(config), config.entitlement === undefined),
    provision: (stack) => new OpenShiftCluster("openshift", config, stack),
  };
}

const flavorOf = ({ flavor, infrastructure }: OpenShiftConfig) => flavor ?? FLAVORS[infrastructure];

/** The cluster with all that belongs to it. */
class OpenShiftCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: Provider;
  readonly kubeconfig: pulumi.Output<string>;
  readonly images: RegistryStore;
  readonly front: (args: FrontArgs) => Front;
  readonly buildFromGit: (name: string, args: GitBuildArgs) => pulumi.Output<string>;

  constructor(name: string, config: OpenShiftConfig, stack: string) {
    super("modelport:index:OpenShiftCluster", name);
    const context = ibmContext(name, config, stack, this);
    this.images = new IbmRegistry("registry", context).store;
    const cosInstanceCrn = objectStorage(context, config);
    const { entitlement } = config;
    const cluster = createCluster(context, {
      flavor: flavorOf(config),
      ...(cosInstanceCrn === undefined ? {} : { cosInstanceCrn }),
      ...(entitlement === undefined ? {} : { entitlement }),
    });
    const { provider, kubeconfig, front } = connect(name, context, cluster);
    this.provider = provider;
    this.kubeconfig = kubeconfig;
    this.front = front;
    this.buildFromGit = gitBuilder(provider, this.images.pull);
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  nodeAddresses(): pulumi.Output<readonly NodeAddress[]> {
    return nodeAddresses(this.kubeconfig);
  }
}

/**
 * Where the cluster's own registry keeps its images. On classic infrastructure that is a volume which the cluster brings.
 * https://cloud.ibm.com/docs/openshift?topic=openshift-registry#openshift_internal_registry
 * @returns its CRN; undefined where none is needed
 */
function objectStorage(
  { stack, own, tags, resourceGroupId }: IbmContext,
  { infrastructure, cosInstanceCrn, region }: OpenShiftConfig,
): pulumi.Output<string> | undefined {
  if (infrastructure === "classic") return undefined;
  if (cosInstanceCrn !== undefined) return pulumi.output(cosInstanceCrn);
  return new ResourceInstance(
    "storage",
    {
      name: storageName(stack, region),
      service: "cloud-object-storage",
      plan: "standard",
      location: "global",
      tags,
      ...(resourceGroupId === undefined ? {} : { resourceGroupId }),
    },
    own,
  ).crn;
}
