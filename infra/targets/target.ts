import type * as pulumi from "@pulumi/pulumi";
import type { Exposure, TargetName } from "../config-schema";
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
export interface PriceBasis {
  readonly kind: "none";
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
}

/**
 * Arguments of every target's Kubernetes provider. A stack owns what it declares: what somebody changed by hand is
 * set back, instead of failing with a field conflict. Fields that the program doesn't declare stay others'.
 */
export const PROVIDER_DEFAULTS = { enablePatchForce: true } as const;

/** How an image gets from the builder to the nodes. */
export type ImageStore = RegistryStore | LoadedStore;

/** The nodes pull from a registry. */
export interface RegistryStore {
  readonly kind: "registry";
  readonly server: string;
  /** Of a service's image, with server, without tag. */
  repository(service: string): string;
  /** For the push, and the pull secret of the service's namespace. Default: an open registry. */
  readonly credentials?: { readonly user: string; readonly password: pulumi.Output<string> };
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
