import { z } from "zod";
import { NAME_PATTERN } from "./naming";
import { isByteQuantity, isCpuQuantity, type ByteQuantity, type CpuQuantity } from "./units";

/** How a service is reached. Which of them a target can do is one of its capabilities. */
export const EXPOSURES = ["NodePort", "ClusterIP"] as const;
export type Exposure = (typeof EXPOSURES)[number];

export const TARGET_NAMES = ["embedded", "existing", "minikube"] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** Namespaces that belong to Kubernetes or to a platform: a stack may not create or delete them. */
const RESERVED_NAMESPACE = /^(?:default$|kube-|openshift)/;

const DIGEST_REFERENCE = /^[a-z0-9][\w.:/-]*@sha256:[0-9a-f]{64}$/;

/** A value as a person writes it in YAML, told as what it may be. */
const say = (allowed: string) => ({ error: () => allowed });

const name = z
  .string()
  .max(40)
  .regex(
    NAME_PATTERN,
    say("lower-case letters, digits and dashes, a letter first, at most 40 characters"),
  );

const cpu = z
  .union([z.string(), z.number().transform(String)])
  .refine((text): text is CpuQuantity => isCpuQuantity(text), say('cores: "2", "0.5" or "250m"'));

const bytes = z
  .string(say('"256Mi" or "2Gi"'))
  .refine((text): text is ByteQuantity => isByteQuantity(text), say('"256Mi" or "2Gi"'));

const resources = z
  .strictObject({
    /** CPU asked for. Default: "100m". */
    cpu: cpu.default("100m"),
    /** CPU at most; whole cores, since a fraction throttles the slowest requests. Default: "1". */
    cpuLimit: cpu.default("1"),
    /** Memory asked for. Default: "160Mi". */
    memory: bytes.default("160Mi"),
    /** Memory at most; above it the container is killed. Default: "320Mi". */
    memoryLimit: bytes.default("320Mi"),
  })
  .prefault({});

const prediction = z.strictObject({
  /** Path of the request. Default: "/predict". */
  path: z
    .string()
    .regex(/^\/\S*$/, say("a path that starts with /"))
    .default("/predict"),
  /** JSON body of the request; it is sent by POST. */
  body: z.json(),
  /** JSON that the answer must contain, object by object. Default: any 2xx answer. */
  expect: z.json().optional(),
});

/** A version's number; a list of them is served at once, the newest by default. */
const version = z
  .union(
    [z.int().min(1), z.string().regex(/^[1-9][0-9]*$/, say("a version's number, e.g. 2"))],
    say("a version's number, e.g. 2"),
  )
  .transform(String);

/** Settings of the built-in server; what is left out has the server's own default. */
const server = z.strictObject({
  /** What is logged; "debug" also each request. Default: "info". */
  logLevel: z.enum(["debug", "info", "warn", "error"]).optional(),
  /** Largest body of a request, in bytes. Default: 65536. */
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .optional(),
  /** Instances in one request. Default: 1024. */
  maxRows: z.int().min(1).max(1_000_000).optional(),
  /** Threads for models slower than a millisecond; 0 runs them beside the requests. Default: 1. */
  workers: z.int().min(0).max(64).optional(),
  /** Requests a second for each API key, or each address where there are no keys. Default: no limit. */
  rateLimit: z.int().min(1).max(1_000_000).optional(),
  /** Requests at once above the limit. Default: twice the limit. */
  rateBurst: z.int().min(1).max(10_000_000).optional(),
  /** OpenTelemetry collector that traces are sent to, by OTLP over HTTP, e.g. http://collector:4318. Default: no traces. */
  tracingEndpoint: z
    .string()
    .regex(/^https?:\/\/[^\s\/?#]+(?:\/\S*)?$/, say("http://host:port or https://host:port"))
    .optional(),
});

/** How `modelport dev` runs an own container's program without one. */
const dev = z.strictObject({
  /** Program and arguments; it gets PORT. */
  command: z.array(z.string().min(1)).min(1),
  /** Where it runs, relative to the repository. Default: `build.context`, else the repository. */
  cwd: z.string().min(1).optional(),
});

/** Shorter ones could be guessed from their hash. */
const SHORTEST_API_KEY = 16;

/** One inference service: the built-in server with `models`, or any container by `image` or `build`. */
export const serviceSchema = z.strictObject({
  /** Folders of app/models, the first is the default model. */
  models: z.array(name).min(1).optional(),
  /** Versions to serve of a model, e.g. {iris: 1} or {iris: [1, 2]}. Default: all, the newest answers. */
  versions: z
    .record(
      name,
      z.union([version.transform((one) => [one]), z.array(version).min(1)], {
        error: () => "a version's number, or a list of them",
      }),
    )
    .default({}),
  /** API keys by their holder's name, set with --secret; with any, predictions need one. */
  apiKeys: z
    .record(
      name,
      z
        .string()
        .min(SHORTEST_API_KEY)
        .regex(/^[\x21-\x7e]+$/, say("letters, digits and signs, without spaces")),
    )
    .default({}),
  server: server.prefault({}),
  /** A ready image, by digest. */
  image: z.string().regex(DIGEST_REFERENCE, say("repository@sha256:<64 hex digits>")).optional(),
  /** An image to build from any folder with a Dockerfile, relative to the repository. */
  build: z
    .strictObject({
      context: z.string().min(1),
      dockerfile: z.string().min(1).default("Dockerfile"),
    })
    .optional(),
  /** Port the container listens on; below 1024 needs root. Default: 8080. */
  port: z.int().min(1024).max(65535).default(8080),
  /** Probe paths of an own container. Default: the built-in server's. */
  health: z
    .strictObject({
      live: z.string().startsWith("/").default("/healthz"),
      ready: z.string().startsWith("/").default("/readyz"),
    })
    .prefault({}),
  /** The request that proves an own container; the built-in server is proven with its models' golden answers. */
  prediction: prediction.optional(),
  /** Only for `modelport dev`. Default: the container itself, by a Docker daemon. */
  dev: dev.optional(),
  /** Pods. Default: 2, the least for updates without a failed request under all faults. */
  replicas: z.int().min(1).max(100).default(2),
  /** How it is reached. Default: the target's. */
  exposure: z.enum(EXPOSURES).optional(),
  /** Namespace, created by the stack. Default: modelport-<stack>. */
  namespace: name
    .refine((text) => !RESERVED_NAMESPACE.test(text), say("a namespace of the stack's own"))
    .optional(),
  resources,
  /** Environment of the container, plain values. */
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, say("letters, digits and _, no digit first")),
      z.union([z.string(), z.number(), z.boolean()]).transform(String),
    )
    .default({}),
});

export const servicesSchema = z
  .record(name, serviceSchema)
  .refine((services) => Object.keys(services).length > 0, say("at least one service"));

const embedded = z.strictObject({
  /** Name of the embedded cluster. Default: "local". */
  cluster: name.default("local"),
});

const minikube = z.strictObject({
  /** Profile. Default: modelport-<stack>, so that each stack has its own cluster. */
  profile: name.optional(),
  /** As `minikube start --driver`. Default: minikube's choice. */
  driver: z
    .enum(["docker", "podman", "kvm2", "qemu", "virtualbox", "hyperkit", "hyperv", "vfkit", "none"])
    .optional(),
  /** Cores of the node. Default: 2. */
  cpus: z.int().min(1).max(64).default(2),
  /** Memory of the node. Default: "4Gi". */
  memory: bytes.default("4Gi"),
  /** As `minikube start --kubernetes-version`. Default: minikube's choice. */
  kubernetesVersion: z
    .string()
    .regex(/^v\d+\.\d+\.\d+$/, say("a version such as v1.34.0"))
    .optional(),
});

const registry = z.strictObject({
  /** Host and port, e.g. registry.example.com:5000. */
  server: z.string().regex(/^[a-z0-9.-]+(?::\d+)?$/, say("a host, with a port where needed")),
  /** Path in the registry under which the stack's images go. Default: modelport. */
  repository: z
    .string()
    .regex(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/, say("lower-case path segments"))
    .default("modelport"),
  user: z.string().min(1).optional(),
  /** Set with --secret. */
  password: z.string().min(1).optional(),
});

const existing = z.strictObject({
  /** A path, or the kubeconfig itself. Default: $KUBECONFIG, else ~/.kube/config. */
  kubeconfig: z.string().min(1).optional(),
  /** Default: the kubeconfig's current context. */
  context: z.string().min(1).optional(),
  registry,
  /** Operating system and processor of the nodes. Default: linux/amd64. */
  platform: z.enum(["linux/amd64", "linux/arm64"]).default("linux/amd64"),
  /** Address at which NodePorts answer. Default: asked of the cluster. */
  nodeHost: z.string().min(1).optional(),
  /** Docker daemon that builds. Default: the Docker CLI's. */
  dockerHost: z
    .string()
    .regex(/^(?:unix|tcp|ssh|npipe):\/\//, say("unix://, tcp:// or ssh:// and an address"))
    .optional(),
  /** Node image to build on. Default: the Dockerfile's. */
  baseImage: z.string().min(1).optional(),
});

/** The whole config of a stack, told apart by `target`. */
export const stackSchema = z.discriminatedUnion("target", [
  z.strictObject({
    target: z.literal("embedded"),
    services: servicesSchema,
    embedded: embedded.prefault({}),
  }),
  z.strictObject({ target: z.literal("existing"), services: servicesSchema, existing }),
  z.strictObject({
    target: z.literal("minikube"),
    services: servicesSchema,
    minikube: minikube.prefault({}),
  }),
]);

export type StackConfig = z.infer<typeof stackSchema>;
export type ServiceConfig = z.infer<typeof serviceSchema>;
export type ServerConfig = ServiceConfig["server"];
export type EmbeddedConfig = z.infer<typeof embedded>;
export type ExistingConfig = z.infer<typeof existing>;
export type MinikubeConfig = z.infer<typeof minikube>;
