import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { Secret, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import { checksum } from "../api-keys";
import type { Exposure } from "../config-schema";
import { deployment, type ResourceArgs } from "../manifests/deployment";
import type { ServiceIdentity } from "../manifests/labels";
import { podDisruptionBudget } from "../manifests/pod-disruption-budget";
import { apiKeysSecret } from "../manifests/secret";
import { PORT_NAME, service } from "../manifests/service";
import { serviceAccount } from "../manifests/service-account";
import { physicalName } from "../naming";
import type { Cluster, PodSecurityFacts, ReachableFrom } from "../targets/target";
import { expectedAddress, prove, type Address, type Limits } from "./exposure";
import type { ServiceNamespace } from "./service-namespace";
import type { Proof } from "./smoke";

export interface InferenceServiceArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: ServiceNamespace;
  readonly cluster: Cluster;
  readonly podSecurity: PodSecurityFacts;
  readonly image: pulumi.Input<string>;
  readonly exposure: Exposure;
  /** The target's capability. */
  readonly nodePortsReachable: boolean;
  readonly replicas: number;
  readonly port: number;
  /** Of the built-in server. Default: none. */
  readonly grpcPort?: number;
  /** Of the built-in server. Default: none. */
  readonly metricsPort?: number;
  /** The server's file of API keys, hashed. Default: none. */
  readonly apiKeysFile?: string;
  readonly health: { readonly live: string; readonly ready: string };
  readonly resources: ResourceArgs;
  readonly env: Readonly<Record<string, string>>;
  /** The prediction that must succeed before an address is told. */
  readonly proof: Proof;
  /** Patience of the proof. Default: a minute for silence. */
  readonly limits?: Limits;
}

/** What an output resolves to in a preview that can't tell its value; Pulumi's own marker, which fits any type. */
const UNKNOWN = pulumi.unknown as unknown as Address;

/** One inference service on Kubernetes: its address is told after a real prediction through it. */
export class InferenceService extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly reachableFrom: pulumi.Output<ReachableFrom>;

  constructor(name: string, args: InferenceServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("modelport:index:InferenceService", name, {}, options);
    const { identity, namespace, cluster } = args;
    const place = { identity, namespace: namespace.name };
    const own = {
      parent: this,
      provider: cluster.provider,
      dependsOn: [...namespace.contents],
    };

    const account = new ServiceAccount(name, serviceAccount(place), own);
    if (args.replicas >= 2) new PodDisruptionBudget(name, podDisruptionBudget(place), own);
    const front = new Service(
      name,
      service({
        ...place,
        exposure: args.exposure,
        ...(args.grpcPort === undefined ? {} : { grpcPort: args.grpcPort }),
      }),
      own,
    );
    const keys = this.apiKeys(name, args, own);
    const pods = new Deployment(
      name,
      deployment({
        ...args,
        ...place,
        ...(keys === undefined ? {} : { apiKeys: keys }),
        imagePullPolicy: cluster.images.kind === "loaded" ? "Never" : "IfNotPresent",
        ...(namespace.pullSecret === undefined ? {} : { pullSecret: namespace.pullSecret }),
        ...(args.podSecurity.runAsUser === undefined
          ? {}
          : { runAsUser: args.podSecurity.runAsUser }),
      }),
      {
        ...own,
        dependsOn: [...own.dependsOn, account, ...(keys === undefined ? [] : [keys.resource])],
      },
    );

    const address = this.prove(args, front, pods);
    this.url = address.url;
    this.reachableFrom = address.reachableFrom;
    this.registerOutputs({ url: this.url, reachableFrom: this.reachableFrom });
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

  /** Runs after Deployment and Service are ready, on every update; never in a preview. */
  private prove(args: InferenceServiceArgs, front: Service, pods: Deployment) {
    return pulumi
      .all([
        front.spec.ports,
        args.cluster.nodeAddresses(),
        pulumi.unsecret(args.cluster.kubeconfig),
        pods.id,
      ])
      .apply(async ([ports, nodeAddresses, kubeconfig]) => {
        const facts = {
          ...args.identity,
          nodePortsReachable: args.nodePortsReachable,
          namespace: args.namespace.name,
          exposure: args.exposure,
          nodePort: ports.find((port) => port.name === PORT_NAME)?.nodePort,
          nodeAddresses,
          context: args.cluster.context,
          ...(args.limits === undefined ? {} : { limits: args.limits }),
        };
        if (pulumi.runtime.isDryRun()) return expectedAddress(facts) ?? UNKNOWN;
        return prove({ ...facts, kubeconfig, proof: args.proof });
      });
  }
}
