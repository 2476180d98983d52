import type { Input } from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import type { ByteQuantity, CpuQuantity } from "../units";
import { API_KEYS_KEY } from "./secret";
import { GRPC_PORT_NAME, PORT_NAME } from "./service";

export interface ContainerArgs {
  /** By digest, or a tag that only ever named one image. */
  readonly image: Input<string>;
  /** "Never" where the image was put into the nodes. Default: "IfNotPresent". */
  readonly imagePullPolicy?: "IfNotPresent" | "Never";
  /** Port that the container listens on. */
  readonly port: number;
  /** Of the built-in server. Default: none. */
  readonly grpcPort?: number;
  /** Of the built-in server. Default: none. */
  readonly metricsPort?: number;
  /** Secret with the API keys; its checksum is another one when it changed, so that pods are rolled. Default: no keys. */
  readonly apiKeys?: { readonly secret: string; readonly checksum: string };
  /** Secrets of the user's, by the folder below /run/secrets. Default: none. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly health: ProbeArgs;
  readonly resources: ResourceArgs;
  /** Extended resource and how many of it. Default: none. */
  readonly gpu?: { readonly resource: string; readonly count: number };
  readonly env?: Readonly<Record<string, Input<string>>>;
  /** 0 is root, which keeps what servers need that hand over to another user. Default: the platform assigns one. */
  readonly runAsUser?: number;
  /** Default: true. */
  readonly readOnlyRootFilesystem?: boolean;
}

export interface ProbeArgs {
  readonly live: string;
  readonly ready: string;
  /** Until it is ready. Default: 120. */
  readonly startupSeconds?: number;
}

export interface ResourceArgs {
  readonly cpu: CpuQuantity;
  readonly cpuLimit: CpuQuantity;
  readonly memory: ByteQuantity;
  readonly memoryLimit: ByteQuantity;
  /** At most. Default: "256Mi". */
  readonly ephemeralStorage?: ByteQuantity;
}

/** Of ephemeral storage. */
export const STORAGE_REQUEST = "16Mi";

/** Endpoints are removed while the pod still serves; so long it goes on after it was told to stop. */
export const PRE_STOP_SECONDS = 5;

/** A model that takes a minute to load is not killed. */
export const STARTUP_SECONDS = 120;

/** Where the Secret with the API keys is mounted. */
const API_KEYS_FOLDER = "/run/modelport/api-keys";

/** Where the user's Secrets are mounted, each in a folder of its name. */
const SECRETS_FOLDER = "/run/secrets";

/** Readable by owner and group: the platform chooses the user, and fsGroup or group 0 are its group. */
const GROUP_READABLE = 0o440;

/** Root's, for servers that listen below 1024 and then work as another user; all of them allowed by level baseline. */
const ROOT_CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
];

export function container(args: ContainerArgs): types.input.core.v1.Container {
  const { live, ready, startupSeconds = STARTUP_SECONDS } = args.health;
  const { cpu, cpuLimit, memory, memoryLimit, ephemeralStorage = "256Mi" } = args.resources;
  const mounts = secretMounts(args);
  const get = (path: string) => ({ httpGet: { path, port: PORT_NAME, scheme: "HTTP" } });
  return {
    name: "server",
    image: args.image,
    imagePullPolicy: args.imagePullPolicy ?? "IfNotPresent",
    ports: ports(args).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
    env: environment(args),
    resources: {
      requests: { cpu, memory, "ephemeral-storage": STORAGE_REQUEST },
      limits: {
        cpu: cpuLimit,
        memory: memoryLimit,
        "ephemeral-storage": ephemeralStorage,
        ...(args.gpu === undefined ? {} : { [args.gpu.resource]: String(args.gpu.count) }),
      },
    },
    startupProbe: {
      ...get(ready),
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: startupSeconds,
    },
    readinessProbe: { ...get(ready), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
    livenessProbe: { ...get(live), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    ...(mounts.length === 0
      ? {}
      : {
          volumeMounts: mounts.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
        }),
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: args.readOnlyRootFilesystem ?? true,
      capabilities: {
        drop: ["ALL"],
        ...(args.runAsUser === 0 ? { add: ROOT_CAPABILITIES } : {}),
      },
    },
  };
}

type SecretArgs = Pick<ContainerArgs, "apiKeys" | "secrets">;

/** The pod's volumes for what its container mounts. */
export function secretVolumes(args: SecretArgs): types.input.core.v1.Volume[] {
  return secretMounts(args).map(({ name, secretName }) => ({
    name,
    secret: { secretName, defaultMode: GROUP_READABLE },
  }));
}

function secretMounts({ apiKeys, secrets = {} }: SecretArgs) {
  return [
    ...(apiKeys === undefined
      ? []
      : [{ name: "api-keys", mountPath: API_KEYS_FOLDER, secretName: apiKeys.secret }]),
    ...Object.entries(secrets).map(([folder, secretName]) => ({
      name: `secret-${folder}`,
      mountPath: `${SECRETS_FOLDER}/${folder}`,
      secretName,
    })),
  ];
}

function ports({ port, grpcPort, metricsPort }: ContainerArgs): [string, number][] {
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
function environment(args: ContainerArgs): { name: string; value: Input<string> }[] {
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
