/**
 * Target minikube: a cluster of the stack's own on this machine, driven by the minikube CLI through a Pulumi dynamic provider.
 * Creates a profile per stack; needs minikube on PATH and a Docker daemon that builds. No registry: images are loaded into the node.
 */
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import type { MinikubeConfig } from "../config-schema";
import { ProgramError } from "../errors";
import { physicalName } from "../naming";
import { machinePlatform, mebibytes, type Platform } from "../units";
import { providers } from "./minikube-provider";
import { PROVIDER_DEFAULTS, type Cluster, type LoadedStore, type Target } from "./target";

/** The user of the default base image, distroless' "nonroot". */
const RUN_AS_USER = 65532;

/** @throws ProgramError on a processor that there are no images for */
export function minikube(config: MinikubeConfig): Target {
  return {
    name: "minikube",
    platform: platformHere(),
    defaultExposure: "NodePort",
    // Elsewhere the Docker driver keeps its network in a virtual machine: handbook/accessing.
    capabilities: {
      exposures: ["NodePort", "ClusterIP"],
      nodePortsReachable: process.platform === "linux",
    },
    podSecurity: { runAsUser: RUN_AS_USER },
    build: {},
    priceBasis: { kind: "none" },
    provision: (stack) => provision(config, stack),
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
    repository: (service) => `modelport/${stack}/${service}`,
    load: (name, image, imageId, options) =>
      new MinikubeImage(name, { cluster, image, imageId }, options).ref,
  };
  return {
    provider,
    kubeconfig: cluster.kubeconfig,
    images,
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
        profile: config.profile ?? physicalName(["modelport", stack]),
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
