import { z } from "zod";
import { build } from "./service-build";
import { exposureKeys } from "./service-exposure";
import { autoscaling, gpu, network, podSecurity, secrets, transform } from "./service-pods";
import { bytes, cpu, name, say } from "./values";

/** How a service is reached. Which of them a target can do is one of its capabilities. */
export const EXPOSURES = ["LoadBalancer", "NodePort", "Route", "Ingress", "ClusterIP"] as const;
export type Exposure = (typeof EXPOSURES)[number];

/** Namespaces that belong to Kubernetes or to a platform: a stack may not create or delete them. */
const RESERVED_NAMESPACE = /^(?:default$|kube-|openshift)/;

const DIGEST_REFERENCE = /^[a-z0-9][\w.:/-]*@sha256:[0-9a-f]{64}$/;

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
    /** Disk at most that a pod writes, logs included; above it the pod is evicted. Default: "256Mi". */
    ephemeralStorage: bytes.default("256Mi"),
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
  /** Folders of app/models, the first is the default model. Default: none, then `image` or `build` is there. */
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
  /** API keys by their holder's name, set with --secret; with any, predictions need one. Default: none. */
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
  /** A ready image, by digest. Default: none, then `models` or `build` is there. */
  image: z.string().regex(DIGEST_REFERENCE, say("repository@sha256:<64 hex digits>")).optional(),
  /** An image to build: from a folder here, or in the cluster from Git where the target can. */
  build: build.optional(),
  /** Platform that a ready image is made for, compared with the nodes'. Default: what its registry says, where that tells anybody. */
  platform: z.enum(["linux/amd64", "linux/arm64"]).optional(),
  /** Port the container listens on; below 1024 needs root: see `podSecurity`. Default: 8080. */
  port: z.int().min(1).max(65535).default(8080),
  /** Probe paths of an own container. Default: the built-in server's. */
  health: z
    .strictObject({
      /** Whether it is to be restarted. Default: "/healthz". */
      live: z.string().startsWith("/").default("/healthz"),
      /** Whether it can take requests. Default: "/readyz". */
      ready: z.string().startsWith("/").default("/readyz"),
      /** Seconds that it may take to be ready after its start; then it is restarted. Default: 120. */
      startupSeconds: z.int().min(1).max(3600).default(120),
    })
    .prefault({}),
  /** The request that proves an own container; the built-in server is proven with its models' golden answers. */
  prediction: prediction.optional(),
  /** Only for `modelport dev`. Default: the container itself, by a Docker daemon. */
  dev: dev.optional(),
  /** Pods. Default: 2, the least for updates without a failed request under all faults; with `autoscaling`: its own. */
  replicas: z.int().min(1).max(100).default(2),
  /** Pods by load, instead of `replicas`. Default: none. */
  autoscaling: autoscaling.optional(),
  /** How it is reached. Default: the target's. */
  exposure: z.enum(EXPOSURES).optional(),
  ...exposureKeys,
  /** Namespace, created by the stack. Default: modelport-<stack>. */
  namespace: name
    .refine((text) => !RESERVED_NAMESPACE.test(text), say("a namespace of the stack's own"))
    .optional(),
  /** CPU, memory and disk of a pod. Default: enough for small models. */
  resources,
  /** GPUs of a pod. Default: none. */
  gpu: gpu.optional(),
  /** Who may connect to its pods, and where these may. Default: what the service needs. */
  network,
  /** Secrets by name, e.g. {db: {PASSWORD: …}}, set with --secret; a pod finds each in a file: /run/secrets/db/PASSWORD. Default: none. */
  secrets,
  /** Former versions of the Deployment that are kept for `kubectl rollout undo`. Default: 5. */
  revisionHistory: z.int().min(1).max(50).default(5),
  /** What its pods may do. Default: what Kubernetes' level "restricted" allows. */
  podSecurity,
  /** JSON merge patches (RFC 7396) over its Kubernetes objects by kind, e.g. {Deployment: {spec: {minReadySeconds: 10}}}. Default: none. */
  transform,
  /** Environment of the container, plain values. Default: none. */
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, say("letters, digits and _, no digit first")),
      z.union([z.string(), z.number(), z.boolean()]).transform(String),
    )
    .default({}),
});

export type ServiceConfig = z.infer<typeof serviceSchema>;
export type ServerConfig = ServiceConfig["server"];
