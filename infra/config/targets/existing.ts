import { z } from "zod";
import { say } from "../values";

/** RFC 1123. */
const DNS_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Where images go, and where the nodes pull them from. */
const registry = z.strictObject({
  /** Host and port, e.g. registry.example.com:5000. */
  server: z
    .string()
    .regex(/^[a-z0-9.-]+(?::\d+)?$/, say("a host, with a port where needed"))
    .meta({ examples: ["registry.example.com"] }),
  /** Path in the registry under which the stack's images go. Default: modelport. */
  repository: z
    .string()
    .regex(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/, say("lower-case path segments"))
    .default("modelport"),
  /** Login name. Default: none, for a registry that is open to all. */
  user: z.string().min(1).optional(),
  /** The user's password or token, set with --secret. Default: none. */
  password: z.string().min(1).optional(),
});

/** The Ingress controller that the cluster has. */
const ingress = z.strictObject({
  /** Its class. Default: the cluster's default class. */
  className: z.string().regex(DNS_NAME, say("the name of an IngressClass")).optional(),
  /** Domain whose every name leads to the controller: services get <service>-<namespace>.<domain>. Default: each service names its host. */
  domain: z.string().regex(DNS_NAME, say("a name in DNS, e.g. apps.example.com")).optional(),
  /** cert-manager's ClusterIssuer, which makes certificates. Default: none, so each service brings its own or does without TLS. */
  clusterIssuer: z.string().regex(DNS_NAME, say("the name of a ClusterIssuer")).optional(),
  /** Address at which the controller answers, for hosts that can't be resolved from here. Default: the Ingress' own. */
  address: z.string().min(1).optional(),
});

/** Target existing: any Kubernetes one has a kubeconfig for. */
export const existing = z.strictObject({
  /** A path, or the kubeconfig itself. Default: $KUBECONFIG, else ~/.kube/config. */
  kubeconfig: z.string().min(1).optional(),
  /** Context of the kubeconfig. Default: its current one. */
  context: z
    .string()
    .min(1)
    .meta({ examples: ["my-cluster"] })
    .optional(),
  registry,
  /** Whether Services of type LoadBalancer are given an address. Default: false. */
  loadBalancer: z.boolean().default(false),
  /** What serves Ingresses. Default: nothing does. */
  ingress: ingress.optional(),
  /** For offline runs, where nothing is asked: whether the cluster is an OpenShift. Default: false. */
  openshift: z.boolean().default(false),
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

export type ExistingConfig = z.infer<typeof existing>;
