/**
 * Target minikube: a cluster of the stack's own on this machine, driven by the minikube CLI through a Pulumi dynamic provider.
 * Creates a profile per stack; needs minikube on PATH and a Docker daemon that builds. No registry: images are loaded into the node.
 * Ingress and the metrics of autoscaling come from minikube's own addons, which are enabled when a service asks for them; LoadBalancers
 * from a `minikube tunnel` of the user's.
 */
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import type { MinikubeConfig } from "../config/targets/minikube";
import { ProgramError } from "../errors";
import { physicalName } from "../naming";
import { machinePlatform, mebibytes, type Platform } from "../units";
import { isOffline } from "../offline-mode";
import { providers } from "./minikube-provider";
import { tunnelRuns } from "./minikube-tunnel";
import {
  BASE_IMAGE_USER,
  PROVIDER_DEFAULTS,
  type Capabilities,
  type Cluster,
  type LoadedStore,
  type Target,
} from "./target";

/** Elsewhere the Docker driver keeps its network in a virtual machine: handbook/accessing. */
const NODES_REACHABLE = process.platform === "linux";

/** @throws ProgramError on a processor that there are no images for */
export function minikube(config: MinikubeConfig): Target {
  return {
    name: "minikube",
    platform: platformHere(),
    defaultExposure: "NodePort",
    capabilities: {
      ...balancers(config, pulumi.getStack()),
      nodePortsReachable: NODES_REACHABLE,
      customMetrics: false,
      gitBuild: false,
      tls: ["given"],
      sharedIngress: true,
    },
    podSecurity: { runAsUser: BASE_IMAGE_USER },
    build: {},
    priceBasis: { kind: "none" },
    provision: (stack) => provision(config, stack),
  };
}

const profileOf = ({ profile }: MinikubeConfig, stack: string) =>
  profile ?? physicalName(["modelport", stack]);

/** LoadBalancers are there while a tunnel runs. */
function balancers(
  config: MinikubeConfig,
  stack: string,
): Pick<Capabilities, "exposures" | "refusals"> {
  const profile = profileOf(config, stack);
  const always = ["NodePort", "Ingress", "ClusterIP"] as const;
  if (isOffline() || tunnelRuns(profile)) return { exposures: [...always, "LoadBalancer"] };
  const start = `minikube start --profile ${profile} --cpus ${config.cpus} --memory ${mebibytes(config.memory)}mb`;
  return {
    exposures: always,
    refusals: {
      LoadBalancer: {
        why: `no minikube tunnel runs for profile ${profile}`,
        fix: `in another terminal: ${start} && minikube tunnel --profile ${profile}`,
      },
    },
  };
}

function provision(config: MinikubeConfig, stack: string): Cluster {
  const cluster = new MinikubeCluster("minikube", config, stack);
  const provider = new Provider("minikube", {
    ...PROVIDER_DEFAULTS,
    kubeconfig: cluster.kubeconfig,
    // A cluster made anew under the same name holds nothing: what the state says of the old one goes with it.
    clusterIdentifier: cluster.incarnation,
    deleteUnreachable: true,
  });
  const images: LoadedStore = {
    kind: "loaded",
    repository: (service) => `modelport/${physicalName([stack])}/${service}`,
    load: (name, image, imageId, options) =>
      new MinikubeImage(name, { cluster, image, imageId }, options).ref,
  };
  const addons = new Map<string, MinikubeAddon>();
  const addon = (name: string) => {
    const enabled = addons.get(name) ?? new MinikubeAddon(name, cluster);
    addons.set(name, enabled);
    return enabled;
  };
  return {
    provider,
    kubeconfig: cluster.kubeconfig,
    images,
    front({ exposure }) {
      if (exposure !== "Ingress")
        return { reachableFrom: exposure === "ClusterIP" ? "cluster" : "machine" };
      return {
        reachableFrom: "machine",
        answersHere: NODES_REACHABLE,
        ingress: { className: "nginx", address: cluster.ip },
        dependsOn: [addon("ingress")],
      };
    },
    metrics: () => [addon("metrics-server")],
    nodeAddresses: () => cluster.ip.apply((host) => [{ host, reachableFrom: "machine" as const }]),
  };
}

class MinikubeCluster extends pulumi.dynamic.Resource {
  declare readonly profile: pulumi.Output<string>;
  declare readonly kubeconfig: pulumi.Output<string>;
  declare readonly ip: pulumi.Output<string>;
  declare readonly incarnation: pulumi.Output<string>;

  constructor(name: string, config: MinikubeConfig, stack: string) {
    super(
      providers.cluster,
      name,
      {
        profile: profileOf(config, stack),
        ours: config.profile === undefined,
        driver: config.driver ?? "",
        cpus: config.cpus,
        memoryMebibytes: mebibytes(config.memory),
        kubernetesVersion: config.kubernetesVersion ?? "",
        kubeconfig: undefined,
        ip: undefined,
        incarnation: undefined,
      },
      { additionalSecretOutputs: ["kubeconfig"] },
      "minikube",
      "Cluster",
    );
  }
}

/** One of minikube's own, for the whole cluster. */
class MinikubeAddon extends pulumi.dynamic.Resource {
  constructor(addon: string, cluster: MinikubeCluster) {
    const { profile, incarnation } = cluster;
    const inputs = { profile, addon, incarnation, wasEnabled: undefined };
    super(providers.addon, addon, inputs, { parent: cluster }, "minikube", "Addon");
  }
}

interface MinikubeImageArgs {
  readonly cluster: MinikubeCluster;
  readonly image: string;
  readonly imageId: pulumi.Output<string>;
}

class MinikubeImage extends pulumi.dynamic.Resource {
  declare readonly ref: pulumi.Output<string>;

  constructor(name: string, args: MinikubeImageArgs, options: pulumi.CustomResourceOptions) {
    const { profile, incarnation } = args.cluster;
    super(
      providers.image,
      name,
      {
        profile,
        image: args.image,
        imageId: args.imageId,
        incarnation,
        ref: undefined,
      },
      options,
      "minikube",
      "Image",
    );
  }
}

function platformHere(): Platform {
  const platform = machinePlatform(process.arch);
  if (platform !== undefined) return platform;
  throw new ProgramError(`there are no images for this machine's processor, ${process.arch}`, {
    why: "the base image exists for x64 and arm64",
  });
}
