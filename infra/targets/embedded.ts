/**
 * Target embedded: the Kubernetes that `local/cluster` runs on this machine.
 * Creates nothing but a provider; needs no credentials, only the running cluster. Its load balancers' addresses are this
 * machine's loopback ones.
 */
import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { clusterInfoPath, readClusterInfo, type ClusterInfo } from "../../local/cluster/info";
import type { EmbeddedConfig } from "../config/targets/embedded";
import { ProgramError } from "../errors";
import { physicalName } from "../naming";
import { isOffline } from "../offline-mode";
import {
  BASE_IMAGE_USER,
  PROVIDER_DEFAULTS,
  type Capabilities,
  type Cluster,
  type Target,
} from "./target";

/** What the target needs to know of a running cluster. */
type ClusterFacts = Pick<
  ClusterInfo,
  "kubeconfig" | "host" | "registry" | "dockerHost" | "baseImage" | "platform" | "loadBalancer"
>;

/** Addresses are given and answer at once, or never. */
const PATIENCE_SECONDS = 20;

/** What a cluster usually says, for runs without one. */
const OFFLINE_CLUSTER: ClusterFacts = {
  kubeconfig: "",
  host: "127.0.0.1",
  registry: { server: "localhost:5001", insecure: true },
  dockerHost: "unix:///offline/docker.sock",
  baseImage: "localhost:5001/modelport/node:offline",
  platform: "linux/amd64",
  loadBalancer: "127.213.0.0/24",
};

/** @throws ProgramError when the cluster doesn't run */
export function embedded(config: EmbeddedConfig): Target {
  const info = isOffline() ? OFFLINE_CLUSTER : readClusterInfo(config.cluster);
  if (info === undefined) throw notRunning(config.cluster);
  return {
    name: "embedded",
    platform: info.platform,
    defaultExposure: "NodePort",
    capabilities: {
      ...exposures(config, info),
      nodePortsReachable: true,
      customMetrics: false,
      cpuMetrics: false,
      gitBuild: false,
    },
    podSecurity: { runAsUser: BASE_IMAGE_USER },
    build: { dockerHost: info.dockerHost, baseImage: info.baseImage },
    priceBasis: { kind: "none" },
    provision: (stack) => provision(config, info, stack),
  };
}

/** LoadBalancers are there unless the cluster was started without. */
function exposures(
  { cluster }: EmbeddedConfig,
  { loadBalancer }: ClusterFacts,
): Pick<Capabilities, "exposures" | "refusals"> {
  if (loadBalancer !== undefined) return { exposures: ["NodePort", "LoadBalancer", "ClusterIP"] };
  return {
    exposures: ["NodePort", "ClusterIP"],
    refusals: {
      LoadBalancer: {
        why: `cluster ${cluster} was started with MODELPORT_LOAD_BALANCER=off, or before there were any`,
        fix: "npm run cli -- cluster stop && unset MODELPORT_LOAD_BALANCER && npm run cli -- cluster start",
      },
    },
  };
}

function provision(config: EmbeddedConfig, info: ClusterFacts, stack: string): Cluster {
  const text = isOffline() ? "<kubeconfig>" : fs.readFileSync(info.kubeconfig, "utf8");
  const kubeconfig = pulumi.secret(text);
  const provider = new Provider("embedded", {
    ...PROVIDER_DEFAULTS,
    kubeconfig,
    clusterIdentifier: `embedded-${config.cluster}`,
    // The cluster dies with its machine: what it held is then gone too, and needs no deletion.
    deleteUnreachable: true,
  });
  return {
    provider,
    kubeconfig,
    images: {
      kind: "registry",
      server: info.registry.server,
      repository: (service) =>
        `${info.registry.server}/modelport/${physicalName([stack])}/${service}`,
    },
    front: ({ exposure }) => ({
      reachableFrom: exposure === "ClusterIP" ? "cluster" : "machine",
      patienceSeconds: PATIENCE_SECONDS,
    }),
    nodeAddresses: () => pulumi.output([{ host: info.host, reachableFrom: "machine" as const }]),
  };
}

function notRunning(cluster: string): ProgramError {
  return new ProgramError(`the embedded cluster "${cluster}" is not running`, {
    why: `there is no living cluster in ${clusterInfoPath(cluster)}`,
    fix: "npm run cli -- cluster start   (npm run up does this by itself)",
  });
}
