/**
 * Target existing: any Kubernetes one has a kubeconfig for (kind, k3d, Docker Desktop, OpenShift, a company's cluster) and a registry of
 * one's own. Creates nothing but a provider; needs the kubeconfig and, where the registry wants a login, its user and password.
 * What the cluster can do is asked of its API server: an OpenShift has Routes, and builds from Git.
 */
import * as pulumi from "@pulumi/pulumi";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { Provider } from "@pulumi/kubernetes/provider";
import type { ExistingConfig } from "../config/targets/existing";
import { solverPolicy } from "../manifests/network-policy";
import { isOffline } from "../offline-mode";
import { physicalName } from "../naming";
import { nodeAddresses } from "./existing/addresses";
import { offline, reach, type Reached } from "./existing/reach";
import { gitBuilder } from "./openshift/git-build";
import {
  BASE_IMAGE_USER,
  PROVIDER_DEFAULTS,
  type Capabilities,
  type Cluster,
  type Front,
  type FrontArgs,
  type ReachableFrom,
  type Target,
} from "./target";

/** @throws ProgramError on a kubeconfig that is missing, can't be read, lacks the context, or whose server doesn't answer */
export async function existing(config: ExistingConfig): Promise<Target> {
  const reached = isOffline() ? offline(config) : await reach(config);
  const { openshift, routes } = reached.apis;
  return {
    name: "existing",
    platform: config.platform,
    defaultExposure: routes ? "Route" : "NodePort",
    capabilities: capabilities(config, reached),
    podSecurity: openshift ? {} : { runAsUser: BASE_IMAGE_USER },
    build: {
      ...(config.dockerHost === undefined ? {} : { dockerHost: config.dockerHost }),
      ...(config.baseImage === undefined ? {} : { baseImage: config.baseImage }),
    },
    priceBasis: { kind: "none" },
    provision: (stack) => provision(config, reached, stack),
  };
}

function capabilities({ loadBalancer, ingress }: ExistingConfig, { apis }: Reached): Capabilities {
  const managedTls = [
    ...(apis.routes ? (["Route"] as const) : []),
    ...(ingress?.clusterIssuer === undefined ? [] : (["Ingress"] as const)),
  ];
  return {
    exposures: [
      ...(apis.routes ? (["Route"] as const) : []),
      ...(loadBalancer ? (["LoadBalancer"] as const) : []),
      ...(ingress === undefined ? [] : (["Ingress"] as const)),
      "NodePort",
      "ClusterIP",
    ],
    nodePortsReachable: false,
    customMetrics: apis.customMetrics,
    cpuMetrics: apis.cpuMetrics,
    gitBuild: apis.builds,
    tls: managedTls.length === 0 ? ["given"] : ["managed", "given"],
    managedTls,
    sharedIngress: ingress !== undefined && ingress.domain === undefined,
    refusals: {
      ...(loadBalancer ? {} : { LoadBalancer: keyMissing("loadBalancer", "true") }),
      ...(ingress === undefined ? { Ingress: keyMissing("ingress.className", "<class>") } : {}),
      ...(apis.routes ? {} : { Route: NO_ROUTES }),
    },
  };
}

const keyMissing = (key: string, value: string) => ({
  why: "whether the cluster has it can't be asked: the config doesn't say so",
  fix: `pulumi config set --path 'modelport:existing.${key}' '${value}' --stack ${pulumi.getStack()}`,
});

const NO_ROUTES = {
  why: "the cluster doesn't serve route.openshift.io: it is no OpenShift",
  fix: "take another exposure, e.g. Ingress",
};

function provision(
  config: ExistingConfig,
  { text, context, reachableFrom, apis }: Reached,
  stack: string,
): Cluster {
  const kubeconfig = pulumi.secret(text);
  const provider = new Provider("existing", {
    ...PROVIDER_DEFAULTS,
    kubeconfig,
    context: context.name,
  });
  const { server, repository, user, password } = config.registry;
  const login =
    user === undefined || password === undefined
      ? undefined
      : { user, password: pulumi.secret(password) };
  return {
    provider,
    kubeconfig,
    context: context.name,
    images: {
      kind: "registry",
      server,
      // A stack's name may have capitals, a repository's path may not.
      repository: (service) => `${server}/${repository}/${physicalName([stack])}/${service}`,
      ...(login === undefined ? {} : { push: login, pull: login }),
    },
    nodeAddresses: () => pulumi.output(nodeAddresses(config, context)),
    front: (args) => front(config, args, { reachableFrom, provider }),
    ...(apis.builds ? { buildFromGit: gitBuilder(provider) } : {}),
  };
}

/** Balancer, router and Ingress controller are where the API server is. */
function front(
  { ingress }: ExistingConfig,
  args: FrontArgs,
  { reachableFrom, provider }: { reachableFrom: ReachableFrom; provider: Provider },
): Front {
  const where = { reachableFrom, answersHere: true };
  if (args.exposure !== "Ingress" || ingress === undefined) return where;
  const { service, namespace, tls } = args;
  const { className, domain, clusterIssuer, address } = ingress;
  const name = physicalName([service, namespace]);
  const common = {
    ...(className === undefined ? {} : { className }),
    ...(domain === undefined ? {} : { host: `${name}.${domain}` }),
    ...(address === undefined ? {} : { address }),
  };
  if (tls !== "managed" || clusterIssuer === undefined) return { ...where, ingress: common };
  return {
    ...where,
    ingress: {
      ...common,
      annotations: { "cert-manager.io/cluster-issuer": clusterIssuer },
      tlsSecret: physicalName([service, "tls"]),
    },
    dependsOn: [openSolver(args, provider)],
  };
}

/** The issuer may ask over HTTP, of a pod in the service's namespace, where nothing is let in by itself. */
function openSolver({ parent, dependsOn, ...args }: FrontArgs, provider: Provider): NetworkPolicy {
  const { service, stack, namespace } = args;
  const name = physicalName([service, "http01-solver"]);
  return new NetworkPolicy(
    `${service}-http01-solver`,
    solverPolicy({ identity: { service, stack }, name, namespace }),
    { parent, provider, dependsOn: [...dependsOn] },
  );
}
