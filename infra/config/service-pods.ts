import { z } from "zod";
import { name, say } from "./values";

/** How many pods a service has, by their load: a HorizontalPodAutoscaler. */
export const autoscaling = z.strictObject({
  /** Pods at least. Default: 2. */
  minReplicas: z.int().min(1).max(100).default(2),
  /** Pods at most. */
  maxReplicas: z
    .int()
    .min(1)
    .max(1000)
    .meta({ examples: [10] }),
  /** CPU that the pods should use on average, in percent of `resources.cpu`. Default: 70; beside `metric`: not looked at. */
  cpuPercent: z.int().min(1).max(1000).optional(),
  /** A metric of the pods, where the cluster serves the custom metrics API. Default: none. */
  metric: z
    .strictObject({
      /** As the custom metrics API has it. */
      name: z
        .string()
        .regex(/^[A-Za-z_:][\w:./|-]*$/, say("a metric's name, e.g. http_requests_per_second"))
        .meta({ examples: ["http_requests_per_second"] }),
      /** What a pod should have of it on average, a Kubernetes quantity, e.g. 100 or "500m". */
      averageValue: z
        .union([z.string(), z.number().transform(String)])
        .refine((text) => QUANTITY.test(text), say('a quantity: 100, "0.5" or "500m"'))
        .meta({ examples: ["100"] }),
    })
    .optional(),
});

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity */
const QUANTITY = /^(?:[1-9]\d*(?:\.\d+)?|0\.\d+)(?:m|k|M|G|Ki|Mi|Gi)?$/;

/** A namespace of anybody's. */
const anyNamespace = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, say("a namespace's name"));

const peer = {
  /** A service of this stack. Default: none. */
  service: name.optional(),
  /** All pods of a namespace. Default: none. */
  namespace: anyNamespace.optional(),
  /** Addresses, e.g. 10.1.0.0/16. Default: none. */
  cidr: z
    .union(
      [z.cidrv4(), z.cidrv6()],
      say("addresses with the length of their prefix, e.g. 10.1.0.0/16"),
    )
    .optional(),
};

const isOne = (given: { service?: unknown; namespace?: unknown; cidr?: unknown }) =>
  [given.service, given.namespace, given.cidr].filter((value) => value !== undefined).length === 1;

const ONE = say("exactly one of service, namespace, cidr");

/** Network policy: whatever is not said here, or needed by the service itself, is denied. */
export const network = z
  .strictObject({
    /**
     * Who may ask the service. The address is proven from where the update runs, or by the API server: leave these in.
     * Default: everybody who can reach it.
     */
    allowFrom: z.array(z.strictObject(peer).refine(isOne, ONE)).min(1).optional(),
    /**
     * Where its pods may connect to, beside DNS, its tracing endpoint, and services of the stack that its `env` names. Default: nowhere.
     */
    allowTo: z
      .array(
        z
          .strictObject({
            ...peer,
            /** TCP ports, as the pods there have them. Default: all. */
            ports: z.array(z.int().min(1).max(65535)).min(1).optional(),
          })
          .refine(isOne, ONE),
      )
      .default([]),
  })
  .prefault({});

/** Kubernetes Secrets: by their name, keys with values that are set with --secret. */
export const secrets = z
  .record(
    name,
    z
      .record(
        z
          .string()
          .regex(
            /^(?!\.\.|\.$)[\w.-]{1,253}$/,
            say("letters, digits, dots, dashes and _; not . or .. at the start"),
          ),
        z.string().min(1),
      )
      .refine((keys) => Object.keys(keys).length > 0, say("at least one key")),
  )
  .default({});

export const gpu = z.strictObject({
  /** GPUs of a pod. Default: 1. */
  count: z.int().min(1).max(16).default(1),
  /** Kind of GPU, as the target knows it. Default: any. */
  type: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, say("a GPU's name, e.g. nvidia-l4"))
    .optional(),
});

/** From what is allowed least to most: https://kubernetes.io/docs/concepts/security/pod-security-standards */
export const POD_SECURITY_LEVELS = ["restricted", "baseline", "privileged"] as const;
export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];

/** What pods may do; less safe than the defaults only with a written reason. */
export const podSecurity = z
  .strictObject({
    /**
     * Pod Security level of the service's namespace, one for all services in it. "baseline" lets a container run as root;
     * what "privileged" lets it do more is asked for by `transform`. Default: "restricted".
     */
    level: z.enum(POD_SECURITY_LEVELS).default("restricted"),
    /** Why it may do more than by default; it is written onto the pods. Default: none is needed. */
    reason: z.string().min(10).max(500).optional(),
    /** User of the container; 0, root, needs level "baseline". Default: the target's, never root. */
    runAsUser: z.int().min(0).max(2_147_483_647).optional(),
    /** Whether the container can't write into its image's files. Default: true. */
    readOnlyRootFilesystem: z.boolean().default(true),
  })
  .prefault({});

const OWN_FIELDS = ["apiVersion", "kind"] as const;

/** RFC 7396: an object is merged, null takes away, anything else replaces. */
const patch = z.record(z.string(), z.json()).refine((given) => {
  const { metadata } = given;
  const named =
    typeof metadata === "object" && metadata !== null && !Array.isArray(metadata)
      ? "name" in metadata || "namespace" in metadata
      : metadata !== undefined;
  return !named && !OWN_FIELDS.some((field) => field in given);
}, say("a JSON merge patch that leaves apiVersion, kind, metadata.name and metadata.namespace"));

/** The last word over a service's Kubernetes objects, by kind: JSON merge patches, which the API server alone checks. */
export const transform = z
  .strictObject({
    /** Default: none. */
    Deployment: patch.optional(),
    /** Default: none. */
    Service: patch.optional(),
    /** Default: none. */
    Ingress: patch.optional(),
    /** Default: none. */
    Route: patch.optional(),
    /** Default: none. */
    HorizontalPodAutoscaler: patch.optional(),
    /** Default: none. */
    PodDisruptionBudget: patch.optional(),
    /** Default: none. */
    NetworkPolicy: patch.optional(),
    /** Default: none. */
    ServiceAccount: patch.optional(),
  })
  .prefault({});

export type AutoscalingConfig = z.infer<typeof autoscaling>;
export type NetworkConfig = z.infer<typeof network>;
export type GpuConfig = z.infer<typeof gpu>;
export type PodSecurityConfig = z.infer<typeof podSecurity>;
export type TransformConfig = z.infer<typeof transform>;
