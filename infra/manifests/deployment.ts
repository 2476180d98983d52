import type { Input } from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import type { ByteQuantity, CpuQuantity } from "../units";
import { labels, selectorLabels, type ServiceIdentity } from "./labels";
import { API_KEYS_KEY } from "./secret";
import { GRPC_PORT_NAME, PORT_NAME } from "./service";

export interface DeploymentArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  /** By digest, or a tag that only ever named one image. */
  readonly image: Input<string>;
  /** "Never" where the image was put into the nodes. Default: "IfNotPresent". */
  readonly imagePullPolicy?: "IfNotPresent" | "Never";
  /** Name of the registry's pull secret in the namespace. Default: none. */
  readonly pullSecret?: string;
  readonly replicas: number;
  /** Port that the container listens on. */
  readonly port: number;
  /** Of the built-in server. Default: none. */
  readonly grpcPort?: number;
  /** Of the built-in server. Default: none. */
  readonly metricsPort?: number;
  /** Secret with the API keys; its checksum is another one when it changed, so that pods are rolled. Default: no keys. */
  readonly apiKeys?: { readonly secret: string; readonly checksum: string };
  readonly health: { readonly live: string; readonly ready: string };
  readonly resources: ResourceArgs;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the platform assigns one. */
  readonly runAsUser?: number;
}

export interface ResourceArgs {
  readonly cpu: CpuQuantity;
  readonly cpuLimit: CpuQuantity;
  readonly memory: ByteQuantity;
  readonly memoryLimit: ByteQuantity;
}

/** Endpoints are removed while the pod still serves; so long it goes on after it was told to stop. */
const PRE_STOP_SECONDS = 5;

/** The server's own limit for one request. */
const LONGEST_REQUEST_SECONDS = 10;

/** How long the server still accepts after SIGTERM: its DRAIN_SECONDS. */
const DRAIN_SECONDS = 3;

/** preStop + drain + longest request + 5 s. */
const TERMINATION_GRACE_SECONDS = PRE_STOP_SECONDS + DRAIN_SECONDS + LONGEST_REQUEST_SECONDS + 5;

/** A rollout that stands still so long has failed; below the 600 s that Pulumi awaits a Deployment. */
const PROGRESS_DEADLINE_SECONDS = 300;

/** A model that takes a minute to load is not killed. */
const STARTUP_SECONDS = 120;

/** How long pods stay bound to a node that is gone; Kubernetes' default is 300 s. */
const UNREACHABLE_SECONDS = 30;

/** Where the Secret with the API keys is mounted. */
const API_KEYS_FOLDER = "/run/modelport/api-keys";

/** Readable by owner and group: the platform chooses the user, and fsGroup or group 0 are its group. */
const GROUP_READABLE = 0o440;

/** A Deployment that loses no request: SERVING, "Zero-downtime contract". */
export function deployment(args: DeploymentArgs): types.input.apps.v1.Deployment {
  const { identity, namespace, replicas } = args;
  const selector = selectorLabels(identity);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: identity.service, namespace, labels: labels(identity) },
    spec: {
      replicas,
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: labels(identity),
          ...(args.apiKeys === undefined
            ? {}
            : { annotations: { "checksum/api-keys": args.apiKeys.checksum } }),
        },
        spec: {
          serviceAccountName: identity.service,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
          securityContext: {
            runAsNonRoot: true,
            ...(args.runAsUser === undefined
              ? {}
              : { runAsUser: args.runAsUser, runAsGroup: args.runAsUser, fsGroup: args.runAsUser }),
            seccompProfile: { type: "RuntimeDefault" },
          },
          ...(args.pullSecret === undefined
            ? {}
            : { imagePullSecrets: [{ name: args.pullSecret }] }),
          topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
            (topologyKey) => ({
              maxSkew: 1,
              topologyKey,
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: selector },
            }),
          ),
          tolerations: ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(
            (key) => ({
              key,
              operator: "Exists",
              effect: "NoExecute",
              tolerationSeconds: UNREACHABLE_SECONDS,
            }),
          ),
          containers: [container(args)],
          ...(args.apiKeys === undefined
            ? {}
            : {
                volumes: [
                  {
                    name: "api-keys",
                    secret: { secretName: args.apiKeys.secret, defaultMode: GROUP_READABLE },
                  },
                ],
              }),
        },
      },
    },
  };
}

function container(args: DeploymentArgs): types.input.core.v1.Container {
  const { live, ready } = args.health;
  const { cpu, cpuLimit, memory, memoryLimit } = args.resources;
  const get = (path: string) => ({ httpGet: { path, port: PORT_NAME, scheme: "HTTP" } });
  return {
    name: "server",
    image: args.image,
    imagePullPolicy: args.imagePullPolicy ?? "IfNotPresent",
    ports: ports(args).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
    env: environment(args),
    resources: {
      requests: { cpu, memory, "ephemeral-storage": "16Mi" },
      limits: { cpu: cpuLimit, memory: memoryLimit, "ephemeral-storage": "256Mi" },
    },
    startupProbe: {
      ...get(ready),
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: STARTUP_SECONDS,
    },
    readinessProbe: { ...get(ready), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
    livenessProbe: { ...get(live), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    ...(args.apiKeys === undefined
      ? {}
      : { volumeMounts: [{ name: "api-keys", mountPath: API_KEYS_FOLDER, readOnly: true }] }),
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

function ports({ port, grpcPort, metricsPort }: DeploymentArgs): [string, number][] {
  const all: [string, number | undefined][] = [
    [PORT_NAME, port],
    [GRPC_PORT_NAME, grpcPort],
    ["metrics", metricsPort],
  ];
  return all.flatMap(([name, number]): [string, number][] =>
    number === undefined ? [] : [[name, number]],
  );
}

/** What the container's ports and mounts say too; the user's variables follow, by name. */
function environment(args: DeploymentArgs): { name: string; value: string }[] {
  const { port, grpcPort, metricsPort, apiKeys } = args;
  const own: Record<string, string> = {
    PORT: String(port),
    ...(grpcPort === undefined ? {} : { GRPC_PORT: String(grpcPort) }),
    ...(metricsPort === undefined ? {} : { METRICS_PORT: String(metricsPort) }),
    ...(apiKeys === undefined ? {} : { API_KEYS_FILE: `${API_KEYS_FOLDER}/${API_KEYS_KEY}` }),
  };
  const given = Object.entries(args.env ?? {})
    .filter(([name]) => !(name in own))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return [...Object.entries(own), ...given].map(([name, value]) => ({ name, value }));
}
