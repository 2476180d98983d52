import type { Input } from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import {
  container,
  PRE_STOP_SECONDS,
  secretVolumes,
  STARTUP_SECONDS,
  type ContainerArgs,
} from "./container";
import { labels, selectorLabels, type ServiceIdentity } from "./labels";
import { podWaivers, waiverAnnotations } from "./waivers";

export interface DeploymentArgs extends ContainerArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  /** Name of the registry's pull secret in the namespace. Default: none. */
  readonly pullSecret?: string | undefined;
  /** Pods; with an autoscaler: those it starts from. */
  readonly replicas: number;
  /** Whether an autoscaler decides later how many there are. Default: false. */
  readonly autoscaled?: boolean;
  /** Former versions that are kept. Default: 5. */
  readonly revisionHistoryLimit?: number;
  /** Another one when the user's Secrets changed, so that pods are rolled. Default: none. */
  readonly secretsVersion?: Input<string> | undefined;
  /** Labels of the nodes that have the GPU. Default: any node. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Of taints of the nodes that have GPUs. Default: none. */
  readonly tolerations?: readonly PodToleration[];
  /** Why its pods may do more than by default. Default: they may not. */
  readonly securityReason?: string;
}

export interface PodToleration {
  readonly key: string;
  readonly operator: string;
  readonly value?: string;
  readonly effect: string;
}

/** The server's own limit for one request. */
const LONGEST_REQUEST_SECONDS = 10;

/** How long the server still accepts after SIGTERM: its DRAIN_SECONDS. */
const DRAIN_SECONDS = 3;

/** preStop + drain + longest request + 5 s. */
const TERMINATION_GRACE_SECONDS = PRE_STOP_SECONDS + DRAIN_SECONDS + LONGEST_REQUEST_SECONDS + 5;

/** A rollout that stands still so long has failed; below the 600 s that Pulumi awaits a Deployment. */
const PROGRESS_DEADLINE_SECONDS = 300;

/** Seconds that a pod takes to start beyond the usual. */
export const slowness = ({ health }: Pick<DeploymentArgs, "health">): number =>
  Math.max(0, (health.startupSeconds ?? STARTUP_SECONDS) - STARTUP_SECONDS);

/** How long pods stay bound to a node that is gone; Kubernetes' default is 300 s. */
const UNREACHABLE_SECONDS = 30;

/** A new pod is ready before an old one goes. */
const ADDITIONAL_FIRST = { maxUnavailable: 0, maxSurge: 1 };

/** A pod with GPUs has those of a node to itself: one more than there are would wait for a node that never comes. */
const FREED_FIRST = { maxUnavailable: 1, maxSurge: 0 };

/** A Deployment that loses no request: SERVING, "Zero-downtime contract". */
export function deployment(args: DeploymentArgs): types.input.apps.v1.Deployment {
  const { identity, namespace, replicas } = args;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: identity.service,
      namespace,
      labels: labels(identity),
      annotations: waiverAnnotations(podWaivers(args)),
    },
    spec: {
      replicas,
      revisionHistoryLimit: args.revisionHistoryLimit ?? 5,
      progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS + slowness(args),
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: args.gpu === undefined ? ADDITIONAL_FIRST : FREED_FIRST,
      },
      selector: { matchLabels: selectorLabels(identity) },
      template: {
        metadata: { labels: labels(identity), ...podAnnotations(args) },
        spec: podSpec(args),
      },
    },
  };
}

function podAnnotations({ apiKeys, secretsVersion, securityReason }: DeploymentArgs) {
  const annotations: Record<string, Input<string>> = {
    ...(apiKeys === undefined ? {} : { "checksum/api-keys": apiKeys.checksum }),
    ...(secretsVersion === undefined ? {} : { "modelport.dev/secrets": secretsVersion }),
    ...(securityReason === undefined
      ? {}
      : { "modelport.dev/pod-security-reason": securityReason }),
  };
  return Object.keys(annotations).length === 0 ? {} : { annotations };
}

function podSpec(args: DeploymentArgs): types.input.core.v1.PodSpec {
  const { identity, nodeSelector } = args;
  const volumes = secretVolumes(args);
  return {
    serviceAccountName: identity.service,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: args.runAsUser !== 0,
      ...(args.runAsUser === undefined
        ? {}
        : { runAsUser: args.runAsUser, runAsGroup: args.runAsUser, fsGroup: args.runAsUser }),
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(args.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: args.pullSecret }] }),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selectorLabels(identity) },
      }),
    ),
    tolerations: [
      ...["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map((key) => ({
        key,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: UNREACHABLE_SECONDS,
      })),
      ...(args.tolerations ?? []),
    ],
    containers: [container(args)],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}
