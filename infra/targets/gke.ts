/**
 * Target gke: Google Kubernetes Engine.
 * Creates a network with Cloud NAT, an account for the nodes, an Artifact Registry repository, an Autopilot or Standard cluster, and for each
 * service an address, with certificate and DNS record where wanted; enables the APIs it needs. Needs application default credentials
 * (`gcloud auth application-default login`, or GOOGLE_APPLICATION_CREDENTIALS) of an owner of the project, or of one with the roles
 * serviceusage.serviceUsageAdmin, compute.networkAdmin, container.admin, iam.serviceAccountAdmin, iam.serviceAccountUser,
 * resourcemanager.projectIamAdmin, artifactregistry.admin and, with a DNS zone, dns.admin; a Docker daemon that builds; and, unless
 * `kubeconfig` is `token`, gke-gcloud-auth-plugin on PATH.
 */
import * as pulumi from "@pulumi/pulumi";
import { getClientConfigOutput } from "@pulumi/gcp/organizations/getClientConfig";
import { Provider as GoogleProvider } from "@pulumi/gcp/provider";
import { Provider } from "@pulumi/kubernetes/provider";
import type { GkeConfig } from "../config/targets/gke";
import { GPU_TYPES, type GpuType } from "../config/targets/gke-machines";
import { createCluster } from "./gke/cluster";
import { baseName, labelsOf, type GkeContext } from "./gke/context";
import { front } from "./gke/front";
import { kubeconfigOf } from "./gke/kubeconfig";
import { network } from "./gke/network";
import { nodePools } from "./gke/node-pool";
import { prices } from "./gke/prices";
import { enableApis, nodeAccount } from "./gke/project";
import { registry } from "./gke/registry";
import {
  BASE_IMAGE_USER,
  PROVIDER_DEFAULTS,
  type Cluster,
  type Front,
  type FrontArgs,
  type GpuFacts,
  type NodeAddress,
  type RegistryStore,
  type Target,
} from "./target";

export function gke(config: GkeConfig): Target {
  const gpu = gpuFacts(config);
  return {
    name: "gke",
    platform: "linux/amd64",
    defaultExposure: "LoadBalancer",
    capabilities: {
      exposures: ["LoadBalancer", "Ingress", "ClusterIP"],
      nodePortsReachable: false,
      customMetrics: false,
      gitBuild: false,
      tls: ["managed", "given"],
      internal: ["LoadBalancer"],
      ...(gpu === undefined ? {} : { gpu }),
    },
    podSecurity: { runAsUser: BASE_IMAGE_USER },
    build: {},
    priceBasis: prices(config),
    provision: (stack) => new GkeCluster("gke", config, stack),
  };
}

/** The cluster with all that belongs to it. */
class GkeCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: Provider;
  readonly kubeconfig: pulumi.Output<string>;
  readonly images: RegistryStore;
  readonly front: (args: FrontArgs) => Front;

  constructor(name: string, config: GkeConfig, stack: string) {
    super("modelport:index:GkeCluster", name);
    const { project, region } = config;
    const google = new GoogleProvider(name, { project, region }, { parent: this });
    const own = { parent: this, provider: google };
    const context: GkeContext = {
      config,
      stack,
      name: baseName(stack),
      labels: labelsOf(config, stack),
      own,
      apis: enableApis(config, own),
    };
    const accessToken = pulumi.secret(getClientConfigOutput({ provider: google }).accessToken);

    const account = nodeAccount(context);
    const net = network(context);
    const cluster = createCluster(context, net, account);
    const pools = config.mode === "standard" ? nodePools(context, cluster, account) : [];
    this.images = registry(context, accessToken);
    this.kubeconfig = kubeconfigOf(config, cluster, accessToken);
    this.provider = new Provider(
      name,
      {
        ...PROVIDER_DEFAULTS,
        kubeconfig: this.kubeconfig,
        // Every cluster has a name of its own for its API, however it is reached: objects move when, and only when, the cluster is another.
        clusterIdentifier: cluster.controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint,
      },
      // Pods go before what runs them and lets them out.
      { parent: this, dependsOn: [cluster, ...pools, ...net.egress, ...account.resources] },
    );
    const place = { context, subnetwork: net.subnetwork, provider: this.provider };
    this.front = (args) => front(place, args);
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  /** There is no exposure by NodePort: nodes have no public addresses. */
  nodeAddresses(): pulumi.Output<readonly NodeAddress[]> {
    return pulumi.output([]);
  }
}

/** Label of nodes with GPUs: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/gpus */
const ACCELERATOR_LABEL = "cloud.google.com/gke-accelerator";

/** Autopilot has them all, a Standard cluster those of its pool. GKE lets pods that ask for a GPU onto the tainted nodes by itself. */
function gpuFacts({ mode, gpuPool }: GkeConfig): GpuFacts | undefined {
  const pool = gpuPool === undefined ? [] : [gpuPool.type];
  const types: readonly GpuType[] = mode === "autopilot" ? GPU_TYPES : pool;
  if (types.length === 0) return undefined;
  return {
    resource: "nvidia.com/gpu",
    types: Object.fromEntries(types.map((type) => [type, { [ACCELERATOR_LABEL]: type }])),
    tolerations: [],
  };
}
