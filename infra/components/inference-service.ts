import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2";
import { Secret, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import { checksum } from "../api-keys";
import type { AutoscalingConfig, TransformConfig } from "../config/service-pods";
import { deployment, slowness, type DeploymentArgs } from "../manifests/deployment";
import { horizontalPodAutoscaler } from "../manifests/horizontal-pod-autoscaler";
import { networkPolicy } from "../manifests/network-policy";
import { podDisruptionBudget } from "../manifests/pod-disruption-budget";
import { apiKeysSecret, userSecret } from "../manifests/secret";
import { serviceAccount } from "../manifests/service-account";
import { physicalName } from "../naming";
import type { NetworkRules } from "../network";
import type { ReachableFrom } from "../targets/target";
import { transformByKind } from "../transform";
import { addressOf, registerFront, type FrontArgs } from "./front";

/** What the Deployment takes as it is. */
type PodArgs = Pick<
  DeploymentArgs,
  | "image"
  | "port"
  | "metricsPort"
  | "resources"
  | "gpu"
  | "nodeSelector"
  | "tolerations"
  | "env"
  | "runAsUser"
  | "readOnlyRootFilesystem"
  | "securityReason"
  | "revisionHistoryLimit"
>;

export interface InferenceServiceArgs extends PodArgs, Omit<FrontArgs, "health"> {
  /** Of the probes. */
  readonly health: DeploymentArgs["health"];
  /** Pods, where no autoscaler says it. */
  readonly replicas: number;
  /** Whether the image was put into the nodes, which must not pull it then. Default: false. */
  readonly imageLoaded?: boolean;
  /** Default: none. */
  readonly autoscaling?: AutoscalingConfig;
  /** The server's file of API keys, hashed. Default: none. */
  readonly apiKeysFile?: string;
  /** The user's Secrets, by name. Default: none. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly network: NetworkRules;
  /** Whether pods log in to the registry with the namespace's pull secret. Default: true, where there is one. */
  readonly pullSecret?: boolean;
  /** Patches over the objects, by kind. Default: none. */
  readonly transform?: TransformConfig;
}

/** One inference service on Kubernetes: its address is told after a real prediction through it. */
export class InferenceService extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly reachableFrom: pulumi.Output<ReachableFrom>;

  constructor(name: string, args: InferenceServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("modelport:index:InferenceService", name, {}, withTransform(args.transform, options));
    const { identity, namespace, cluster } = args;
    const place = { identity, namespace: namespace.name };
    const own = {
      parent: this,
      provider: cluster.provider,
      dependsOn: [...namespace.contents],
    };

    // Without the namespace's pull secret pods pull by the account's own.
    const pullsBuilt = args.pullSecret === false;
    const account = new ServiceAccount(name, serviceAccount({ ...place, pullsBuilt }), own);
    const policy = this.networkPolicy(name, args, own);
    if ((args.autoscaling?.minReplicas ?? args.replicas) >= 2)
      new PodDisruptionBudget(name, podDisruptionBudget(place), own);
    const front = registerFront(name, args, own);
    const keys = this.apiKeys(name, args, own);
    const secrets = this.secrets(name, args, own);
    const pods = new Deployment(
      name,
      deployment({
        ...args,
        ...place,
        ...(keys === undefined ? {} : { apiKeys: keys }),
        secrets: secrets?.names,
        secretsVersion: secrets?.version,
        replicas: args.autoscaling?.minReplicas ?? args.replicas,
        autoscaled: args.autoscaling !== undefined,
        pullSecret: args.pullSecret === false ? undefined : namespace.pullSecret,
        imagePullPolicy: args.imageLoaded === true ? "Never" : "IfNotPresent",
      }),
      {
        ...own,
        // An autoscaler begins with what runs, and an update leaves what it decided: without a number the API server would set 1.
        // https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
        ...(args.autoscaling === undefined ? {} : { ignoreChanges: ["spec.replicas"] }),
        ...patience(args),
        dependsOn: [
          ...own.dependsOn,
          account,
          policy,
          ...(keys === undefined ? [] : [keys.resource]),
          ...(secrets?.resources ?? []),
        ],
      },
    );
    if (args.autoscaling !== undefined)
      new HorizontalPodAutoscaler(
        name,
        horizontalPodAutoscaler({ ...args.autoscaling, ...place }),
        { ...own, dependsOn: [pods, ...(cluster.metrics?.() ?? [])] },
      );

    const address = addressOf(args, front, pods);
    this.url = address.url;
    this.reachableFrom = address.reachableFrom;
    this.registerOutputs({ url: this.url, reachableFrom: this.reachableFrom });
  }

  private networkPolicy(
    name: string,
    args: InferenceServiceArgs,
    own: pulumi.CustomResourceOptions,
  ): NetworkPolicy {
    const { identity, namespace, network, port, grpcPort, metricsPort } = args;
    const manifest = networkPolicy({
      ...network,
      identity,
      namespace: namespace.name,
      ports: grpcPort === undefined ? [port] : [port, grpcPort],
      ...(metricsPort === undefined ? {} : { metricsPort }),
    });
    return new NetworkPolicy(name, manifest, own);
  }

  private apiKeys(
    name: string,
    { identity, namespace, apiKeysFile }: InferenceServiceArgs,
    own: pulumi.CustomResourceOptions,
  ) {
    if (apiKeysFile === undefined) return undefined;
    const secret = physicalName([identity.service, "api-keys"]);
    const manifest = apiKeysSecret({
      identity,
      name: secret,
      namespace: namespace.name,
      file: pulumi.secret(apiKeysFile),
    });
    const resource = new Secret(`${name}-api-keys`, manifest, own);
    return { resource, secret, checksum: checksum(apiKeysFile) };
  }

  /** The cluster's own word for "changed" rolls the pods: a hash would tell who can read pods whether a guessed password is right. */
  private secrets(
    name: string,
    { identity, namespace, secrets = {} }: InferenceServiceArgs,
    own: pulumi.CustomResourceOptions,
  ) {
    const made = Object.entries(secrets).map(([folder, values]) => {
      const secret = physicalName([identity.service, "secret", folder]);
      const manifest = userSecret({
        identity,
        name: secret,
        namespace: namespace.name,
        values: pulumi.secret(values),
      });
      return { folder, secret, resource: new Secret(`${name}-secret-${folder}`, manifest, own) };
    });
    if (made.length === 0) return undefined;
    const resources = made.map(({ resource }) => resource);
    return {
      resources,
      names: Object.fromEntries(made.map(({ folder, secret }) => [folder, secret])),
      version: pulumi
        .all(resources.map(({ metadata }) => metadata.resourceVersion))
        .apply((versions) => versions.join(".")),
    };
  }
}

/** What Pulumi awaits a Deployment for by itself, in seconds. */
const USUAL_SECONDS = 600;

/** Pods that are slow to start are replaced one after the other. */
function patience(
  args: InferenceServiceArgs,
): Pick<pulumi.CustomResourceOptions, "customTimeouts"> {
  const pods = args.autoscaling?.maxReplicas ?? args.replicas;
  const seconds = `${USUAL_SECONDS + pods * slowness(args)}s`;
  return slowness(args) === 0 ? {} : { customTimeouts: { create: seconds, update: seconds } };
}

/** Children inherit it, whichever file registers them. */
function withTransform(
  transform: TransformConfig | undefined,
  options: pulumi.ComponentResourceOptions = {},
): pulumi.ComponentResourceOptions {
  if (transform === undefined || Object.keys(transform).length === 0) return options;
  const transformations = [...(options.transformations ?? []), transformByKind(transform)];
  return { ...options, transformations };
}
