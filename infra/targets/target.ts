import type * as pulumi from "@pulumi/pulumi";
import type { TargetName } from "../config/schema";
import type { Exposure } from "../config/service";
import type { GitSource } from "../git-source";
import type { Platform } from "../units";

/** Where an address is reachable from. */
export type ReachableFrom = "internet" | "vpc" | "cluster" | "machine";

/** A host at which NodePorts may answer, in the order to try them. */
export interface NodeAddress {
  host: string;
  reachableFrom: ReachableFrom;
}

/**
 * What every target yields before anything is registered. Code branches on these facts, never on the name.
 * Making one checks what can be checked for free: a cluster that doesn't run is refused here.
 */
export interface Target {
  readonly name: TargetName;
  /** Of the nodes, hence of the images. */
  readonly platform: Platform;
  readonly defaultExposure: Exposure;
  readonly capabilities: Capabilities;
  readonly podSecurity: PodSecurityFacts;
  readonly build: BuildFacts;
  readonly priceBasis: PriceBasis;
  /** Registers the cluster, or what stands for it, and its Kubernetes provider. */
  provision(stack: string): Cluster;
}

export interface Capabilities {
  readonly exposures: readonly Exposure[];
  /** Whether a NodePort must answer from this machine; else silence is not a failure, and the API server's proxy is asked. */
  readonly nodePortsReachable: boolean;
  /** Whether autoscaling can follow a metric other than CPU: the cluster serves the custom metrics API. */
  readonly customMetrics: boolean;
  /** Whether the cluster tells what CPU its pods use (metrics.k8s.io), or `Cluster.metrics` makes it. Default: true. */
  readonly cpuMetrics?: boolean;
  /** What asks for a GPU. Default: there are none. */
  readonly gpu?: GpuFacts;
  /** Whether images can be built in the cluster, from Git. */
  readonly gitBuild: boolean;
  /** Kinds of TLS that an Ingress or a Route can have here. Default: none. */
  readonly tls?: readonly TlsKind[];
  /** Where `managed` of these can be had. Default: on Ingress and Route. */
  readonly managedTls?: readonly Exposure[];
  /** Exposures that can be for the cluster's own network alone. Default: none. */
  readonly internal?: readonly Exposure[];
  /** All Ingresses share one address, and the platform has no domain of its own: only one of them can do without a host. Default: false. */
  readonly sharedIngress?: boolean;
  /** Why an exposure is not there now, and what would change that. Default: the platform never has it. */
  readonly refusals?: Readonly<Partial<Record<Exposure, Refusal>>>;
}

export interface Refusal {
  readonly why: string;
  /** Best as a command that can be pasted. */
  readonly fix: string;
}

/** `managed`: the platform's own certificate; `given`: the user's certificate and key. */
export type TlsKind = "managed" | "given";

export interface GpuFacts {
  /** Extended resource of the container's limits. */
  readonly resource: string;
  /** GPUs by the names that config may give them, with the labels of their nodes. */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly tolerations: readonly Toleration[];
}

export interface Toleration {
  readonly key: string;
  readonly operator: "Exists" | "Equal";
  readonly value?: string;
  readonly effect: "NoSchedule" | "NoExecute";
}

export interface PodSecurityFacts {
  /** The fixed user of pods; undefined where the platform assigns one. At least 10000. */
  readonly runAsUser?: number;
}

export interface BuildFacts {
  /** Address of the Docker daemon. Default: the Docker CLI's. */
  readonly dockerHost?: string;
  /** Build argument BASE_IMAGE. Default: the Dockerfile's own. */
  readonly baseImage?: string;
}

/** What an hour costs is read from; nothing for clusters that are not rented. */
export type PriceBasis = { readonly kind: "none" } | HourlyPrices;

export interface HourlyPrices {
  readonly kind: "hourly";
  /** List prices, in US dollars, before discounts and free tiers. */
  readonly items: readonly PriceItem[];
  /** Where the prices were read, and when (YYYY-MM). */
  readonly source: string;
  readonly asOf: string;
}

export interface PriceItem {
  readonly what: string;
  readonly quantity: number;
  readonly usdPerHour: number;
}

/** A provisioned target. */
export interface Cluster {
  readonly provider: pulumi.ProviderResource;
  /** Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Context of the kubeconfig; undefined: its current one. */
  readonly context?: string;
  readonly images: ImageStore;
  /** Where to try a NodePort; called in an update only, and in a preview where it costs nothing. */
  nodeAddresses(): pulumi.Output<readonly NodeAddress[]>;
  /** Registers what the platform wants before a service's Service, Ingress or Route, e.g. a reserved address. Default: nothing. */
  front?(args: FrontArgs): Front;
  /** Registers what an autoscaler's metrics come from; it must be there before an autoscaler. Default: the cluster has it. */
  metrics?(): readonly pulumi.Resource[];
  /** Where the capability is there: builds in the cluster and waits. @returns the image by digest */
  readonly buildFromGit?: (name: string, args: GitBuildArgs) => pulumi.Output<string>;
}

export interface FrontArgs {
  readonly service: string;
  readonly namespace: string;
  readonly stack: string;
  readonly exposure: Exposure;
  /** A balancer that only the cluster's network reaches. */
  readonly internal: boolean;
  /** Of Ingress or Route; undefined: the platform's own. */
  readonly host?: string;
  readonly tls?: TlsKind;
  /** What the pods answer a balancer's health checks on. */
  readonly health: HealthCheck;
  readonly parent: pulumi.Resource;
  /** What lives in the service's namespace must wait for these. */
  readonly dependsOn: readonly pulumi.Resource[];
}

export interface HealthCheck {
  /** Path that answers 2xx where a pod can predict. */
  readonly path: string;
  /** Of the container. */
  readonly port: number;
}

/** What a platform puts into the objects in front of a service's pods. */
export interface Front {
  readonly reachableFrom: ReachableFrom;
  /** Whether it must answer from this machine; else silence is not a failure, and the API server's proxy is asked. Default: not from `vpc` and `cluster`. */
  readonly answersHere?: boolean;
  /** How long it may take until there is an address, and until that answers. Default: as clouds take, a quarter of an hour. */
  readonly patienceSeconds?: number;
  /** Of the Service. */
  readonly serviceAnnotations?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Reserved for `spec.loadBalancerIP`. */
  readonly loadBalancerIp?: pulumi.Input<string>;
  readonly ingress?: IngressFront;
  /** What must be there before, and go after, the Service, Ingress or Route. */
  readonly dependsOn?: readonly pulumi.Resource[];
}

export interface IngressFront {
  /** Default: the cluster's default class. */
  readonly className?: string;
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Where no host is given: the platform's own name for this service. */
  readonly host?: pulumi.Input<string>;
  /** Secret with the platform's own certificate, where it keeps one in the service's namespace. */
  readonly tlsSecret?: pulumi.Input<string>;
  /** Where the host is not resolvable yet, or never from here: the address that requests for it go to. */
  readonly address?: pulumi.Input<string>;
  /** Whether DNS will know the host by itself, so that a certificate for it is worth waiting for. Default: where the host is the platform's own. */
  readonly dns?: boolean;
}

export interface GitBuildArgs {
  readonly service: string;
  readonly namespace: string;
  readonly stack: string;
  readonly source: GitSource;
}

/**
 * Arguments of every target's Kubernetes provider. A stack owns what it declares: what somebody changed by hand is
 * set back, instead of failing with a field conflict. Fields that the program doesn't declare stay others'.
 */
export const PROVIDER_DEFAULTS = { enablePatchForce: true } as const;

/** The user of the default base image, distroless' "nonroot". */
export const BASE_IMAGE_USER = 65532;

/** How an image gets from the builder to the nodes. */
export type ImageStore = RegistryStore | LoadedStore;

/** The nodes pull from a registry. */
export interface RegistryStore {
  readonly kind: "registry";
  readonly server: string;
  /** Of a service's image, with server, without tag. */
  repository(service: string): string;
  /** Default: nobody is asked who pushes. */
  readonly push?: RegistryLogin;
  /** For the pull secret of the services' namespaces. Default: none is needed. */
  readonly pull?: RegistryLogin;
  /** What must be there before a push. */
  readonly dependsOn?: readonly pulumi.Resource[];
}

export interface RegistryLogin {
  readonly user: string;
  readonly password: pulumi.Output<string>;
  /** Hosts that it is good for. Default: the store's server. */
  readonly servers?: readonly string[];
}

/** The image is put into the nodes; they must not pull. */
export interface LoadedStore {
  readonly kind: "loaded";
  repository(service: string): string;
  /**
   * Loads a built image.
   * @param image its unique tag
   * @param imageId what a change of makes it load again
   * @returns the reference that pods use, known once it is loaded
   */
  load(
    name: string,
    image: string,
    imageId: pulumi.Output<string>,
    options: pulumi.CustomResourceOptions,
  ): pulumi.Output<string>;
}
