/**
 * Stacks whose manifests are compared with golden files and put before the scanners: every target with each exposure it can do,
 * and every feature of a service once.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { TargetName } from "../../infra/config/schema";
import { PROJECT } from "../../infra/config/faults";
import { render, type OfflineRendering } from "../../infra/offline/render";
import { stackConfig } from "../../infra/offline/stack-file";

export interface Variant {
  /** `<target>/<what is special>`, the golden file's name. */
  readonly name: string;
  readonly target: TargetName;
  /** Of the target. */
  readonly section?: Readonly<Record<string, unknown>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly images?: Readonly<Record<string, unknown>>;
}

const SECRET = { secure: "v1:…" };
const IRIS = { models: ["iris"] };
const OWN_IMAGE = `registry.example.com/own@sha256:${"a".repeat(64)}`;
const OWN = { image: OWN_IMAGE, prediction: { path: "/score", body: {} } };
const OWN_BUILD = { prediction: { path: "/score", body: {} } };
const GIT = { repository: "https://github.com/example/iris.git", ref: "main" };
const BUILDER = "registry.access.redhat.com/ubi9/python-312:1";
const GIVEN_TLS = {
  certificate: "-----BEGIN CERTIFICATE-----\noffline\n-----END CERTIFICATE-----\n",
  key: SECRET,
};

/** What a target's own settings must hold. */
const SECTIONS: Readonly<Record<TargetName, Readonly<Record<string, unknown>>>> = {
  embedded: {},
  existing: {
    registry: { server: "registry.example.com", user: "me", password: SECRET },
    loadBalancer: true,
    ingress: { className: "nginx", domain: "apps.example.com", clusterIssuer: "letsencrypt" },
  },
  gke: { project: "my-project-123" },
  iks: { registryNamespace: "acme-models" },
  minikube: {},
  openshift: { registryNamespace: "acme-models" },
};

type Settings = Readonly<Record<string, unknown>>;

/** Exposures by target, and what each can be besides. */
const EXPOSURES: Readonly<Record<TargetName, Readonly<Record<string, Settings>>>> = {
  embedded: {
    "node-port": { exposure: "NodePort" },
    "load-balancer": { exposure: "LoadBalancer" },
    "cluster-ip": { exposure: "ClusterIP" },
  },
  existing: {
    "load-balancer": { exposure: "LoadBalancer" },
    ingress: { exposure: "Ingress" },
    "ingress-own-certificate": { exposure: "Ingress", host: "iris.example.com", tls: GIVEN_TLS },
    "node-port": { exposure: "NodePort" },
    "cluster-ip": { exposure: "ClusterIP" },
  },
  gke: {
    "load-balancer": { exposure: "LoadBalancer" },
    "load-balancer-internal": { exposure: "LoadBalancer", internal: true },
    ingress: { exposure: "Ingress", host: "iris.example.com" },
    "ingress-own-certificate": { exposure: "Ingress", host: "iris.example.com", tls: GIVEN_TLS },
    "ingress-plain": { exposure: "Ingress", host: "iris.example.com", tls: "none" },
    "cluster-ip": { exposure: "ClusterIP" },
  },
  iks: {
    "load-balancer": { exposure: "LoadBalancer" },
    "load-balancer-internal": { exposure: "LoadBalancer", internal: true },
    ingress: { exposure: "Ingress" },
    "ingress-own-certificate": { exposure: "Ingress", host: "iris.example.com", tls: GIVEN_TLS },
    "ingress-plain": { exposure: "Ingress", tls: "none" },
    "node-port": { exposure: "NodePort" },
    "cluster-ip": { exposure: "ClusterIP" },
  },
  minikube: {
    "load-balancer": { exposure: "LoadBalancer" },
    ingress: { exposure: "Ingress" },
    "node-port": { exposure: "NodePort" },
    "cluster-ip": { exposure: "ClusterIP" },
  },
  openshift: {
    route: { exposure: "Route" },
    "route-tls": { exposure: "Route", tls: "managed" },
    "route-own-certificate": { exposure: "Route", host: "iris.example.com", tls: GIVEN_TLS },
    "load-balancer": { exposure: "LoadBalancer" },
    "load-balancer-internal": { exposure: "LoadBalancer", internal: true },
    "node-port": { exposure: "NodePort" },
    "cluster-ip": { exposure: "ClusterIP" },
  },
};

/** What a service can have besides, on the target where it says most. */
const FEATURES: readonly Variant[] = [
  feature("embedded/api-keys", { ...IRIS, apiKeys: { me: SECRET } }),
  feature("embedded/one-replica", { ...IRIS, replicas: 1 }),
  feature("embedded/own-container", { ...OWN, port: 9000, env: { LOG_LEVEL: "debug" } }),
  {
    ...feature("minikube/autoscaling", {
      ...IRIS,
      autoscaling: { minReplicas: 2, maxReplicas: 5 },
    }),
    target: "minikube",
  },
  { ...feature("minikube/own-container", OWN), target: "minikube" },
  feature("embedded/secrets", { ...OWN, secrets: { db: { PASSWORD: SECRET, "ca.pem": SECRET } } }),
  feature("embedded/network", {
    ...IRIS,
    server: { tracingEndpoint: "http://collector.tracing:4318" },
    network: {
      allowFrom: [{ namespace: "web" }, { cidr: "10.0.0.0/8" }],
      allowTo: [{ cidr: "10.1.2.3/32", ports: [5432] }],
    },
  }),
  feature("embedded/root", {
    ...OWN,
    port: 80,
    podSecurity: {
      level: "baseline",
      runAsUser: 0,
      readOnlyRootFilesystem: false,
      reason: "the image's nginx binds port 80 and writes its own files",
    },
  }),
  feature("embedded/transform", {
    ...IRIS,
    revisionHistory: 2,
    transform: { Deployment: { spec: { minReadySeconds: 10 } } },
  }),
  {
    name: "embedded/several-services",
    target: "embedded",
    services: {
      web: { ...OWN, env: { SERVER: "http://iris" }, namespace: "web" },
      iris: { ...IRIS, exposure: "ClusterIP" },
      both: { models: ["iris", "spam"], versions: { iris: 1 } },
    },
    images: { mirrors: { "registry.example.com": "mirror.example.com/hub" } },
  },
  { ...feature("gke/gpu", { ...IRIS, gpu: { type: "nvidia-l4" } }), target: "gke" },
  {
    ...feature("gke/standard", { ...IRIS, exposure: "Ingress", host: "iris.example.com" }),
    target: "gke",
    section: { mode: "standard", gpuPool: { type: "nvidia-l4" }, dnsZone: "example-com" },
  },
  {
    ...feature("iks/classic", { ...IRIS, exposure: "NodePort" }),
    target: "iks",
    section: { infrastructure: "classic", classic: { datacenter: "fra02" } },
  },
  {
    ...feature("iks/autoscaled", IRIS),
    target: "iks",
    section: { maxWorkersPerZone: 4, gpuPool: { type: "nvidia-l4" } },
  },
  {
    ...feature("existing/route", { ...IRIS, exposure: "Route" }),
    target: "existing",
    section: { openshift: true },
  },
  {
    ...feature("openshift/git-docker", {
      ...OWN_BUILD,
      build: { git: { ...GIT, strategy: "docker" } },
    }),
    target: "openshift",
    section: { disableOutboundTrafficProtection: true },
  },
  {
    ...feature("openshift/git-source", {
      ...OWN_BUILD,
      build: { git: { ...GIT, strategy: "source", builderImage: BUILDER, contextDir: "app" } },
    }),
    target: "openshift",
    section: { disableOutboundTrafficProtection: true },
  },
];

export const VARIANTS: readonly Variant[] = [
  ...Object.entries(EXPOSURES).flatMap(([target, exposures]) =>
    Object.entries(exposures).map(([name, settings]) => ({
      name: `${target}/${name}`,
      // A key of that record.
      target: target as TargetName,
      services: { iris: { ...IRIS, ...settings } },
    })),
  ),
  ...FEATURES,
];

function feature(name: string, service: Settings): Variant {
  return { name, target: "embedded", services: { iris: service } };
}

/** The stack as its file would say it. */
export function configOf({ target, section, services, images }: Variant): Settings {
  return {
    [`${PROJECT}:target`]: target,
    [`${PROJECT}:services`]: services,
    [`${PROJECT}:${target}`]: { ...SECTIONS[target], ...section },
    ...(images === undefined ? {} : { [`${PROJECT}:images`]: images }),
  };
}

/** Tags of loaded images are made from the whole server's text: they would change with every edit of it. */
const TAG = /:[0-9a-f]{16}"/g;

/** Manifests under mocked providers, as `modelport render --offline` writes them. */
export async function renderVariant(variant: Variant): Promise<OfflineRendering> {
  const rendering = await render({ stack: "test", ...stackConfig(configOf(variant)) });
  return JSON.parse(
    JSON.stringify(rendering).replace(TAG, ':0123456789abcdef"'),
  ) as OfflineRendering;
}

/** One file an object. */
export function write(manifests: OfflineRendering["manifests"], folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const [index, manifest] of manifests.entries()) {
    const { kind } = manifest as { kind: string };
    const file = `${String(index).padStart(2, "0")}-${kind.toLowerCase()}.json`;
    fs.writeFileSync(path.join(folder, file), JSON.stringify(manifest, undefined, 2));
  }
}
