/**
 * Target existing: any Kubernetes one has a kubeconfig for (kind, k3d, Docker Desktop, a company's cluster) and a registry of one's own.
 * Creates nothing but a provider; needs the kubeconfig and, where the registry wants a login, its user and password.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { repositoryRoot } from "../../local/paths";
import type { ExistingConfig } from "../config-schema";
import { messageOf, ProgramError } from "../errors";
import { apiRequest, connect, readContext, type KubeContext } from "../kubeconfig";
import { isOffline } from "../offline-mode";
import {
  PROVIDER_DEFAULTS,
  type Cluster,
  type NodeAddress,
  type ReachableFrom,
  type Target,
} from "./target";

/** The user of the default base image, distroless' "nonroot". */
const RUN_AS_USER = 65532;

/** @throws ProgramError on a kubeconfig that is missing, can't be read, lacks the context, or whose server doesn't answer */
export async function existing(config: ExistingConfig): Promise<Target> {
  const { text, context } = isOffline() ? offline(config) : await reach(config);
  return {
    name: "existing",
    platform: config.platform,
    defaultExposure: "NodePort",
    capabilities: { exposures: ["NodePort", "ClusterIP"], nodePortsReachable: false },
    podSecurity: { runAsUser: RUN_AS_USER },
    build: {
      ...(config.dockerHost === undefined ? {} : { dockerHost: config.dockerHost }),
      ...(config.baseImage === undefined ? {} : { baseImage: config.baseImage }),
    },
    priceBasis: { kind: "none" },
    provision: (stack) => provision(config, text, context, stack),
  };
}

interface Reached {
  text: string;
  context: KubeContext;
}

/** Everything that can be known to be wrong before anything is registered. */
async function reach(config: ExistingConfig): Promise<Reached> {
  const { text, origin } = readKubeconfig(config);
  const context = await findContext(text, origin, config);
  await checkServer(context, origin);
  return { text, context };
}

/** For runs without a cluster. */
function offline(config: ExistingConfig): Reached {
  const server = "https://192.0.2.1:6443";
  const name = config.context ?? "offline";
  return { text: "<kubeconfig>", context: { name, server, cluster: { server }, user: {} } };
}

function provision(
  config: ExistingConfig,
  text: string,
  context: KubeContext,
  stack: string,
): Cluster {
  const kubeconfig = pulumi.secret(text);
  const provider = new Provider("existing", {
    ...PROVIDER_DEFAULTS,
    kubeconfig,
    context: context.name,
  });
  const { server, repository, user, password } = config.registry;
  return {
    provider,
    kubeconfig,
    context: context.name,
    images: {
      kind: "registry",
      server,
      repository: (service) => `${server}/${repository}/${stack}/${service}`,
      ...(user === undefined || password === undefined
        ? {}
        : { credentials: { user, password: pulumi.secret(password) } }),
    },
    nodeAddresses: () => pulumi.output(nodeAddresses(config, context)),
  };
}

function readKubeconfig({ kubeconfig }: ExistingConfig): { text: string; origin: string } {
  if (kubeconfig?.includes("\n"))
    return { text: kubeconfig, origin: "modelport:existing.kubeconfig" };
  const first = process.env["KUBECONFIG"]?.split(path.delimiter)[0];
  const named = kubeconfig ?? (first === "" ? undefined : first) ?? "~/.kube/config";
  // The program runs in infra/; a relative path is meant from the repository.
  const file = path.resolve(repositoryRoot(), named.replace(/^~(?=\/)/, os.homedir()));
  try {
    return { text: fs.readFileSync(file, "utf8"), origin: file };
  } catch (error) {
    throw new ProgramError(`kubeconfig ${file} can't be read`, {
      why: messageOf(error),
      fix: setKey("kubeconfig", "<path>"),
    });
  }
}

async function findContext(
  text: string,
  origin: string,
  config: ExistingConfig,
): Promise<KubeContext> {
  try {
    return await readContext(text, config.context);
  } catch (error) {
    throw new ProgramError(`kubeconfig ${origin} can't be used`, {
      why: messageOf(error),
      fix: setKey("context", "<context>"),
    });
  }
}

async function checkServer({ name, server }: KubeContext, origin: string): Promise<void> {
  try {
    await connect(server);
  } catch (error) {
    throw new ProgramError(`the cluster of context "${name}" does not answer`, {
      why: `${server}: ${messageOf(error)} (kubeconfig ${origin})`,
      fix: `start the cluster, or ${setKey("context", "<context>")}`,
    });
  }
}

const setKey = (key: string, value: string) =>
  `pulumi config set --path 'modelport:existing.${key}' '${value}' --stack ${pulumi.getStack()}`;

interface NodeList {
  items?: { status?: { addresses?: { type: string; address: string }[] } }[];
}

/** The configured host, or what the cluster says of its nodes: loopback first where the API server is there too. */
async function nodeAddresses(
  config: ExistingConfig,
  context: KubeContext,
): Promise<readonly NodeAddress[]> {
  const local = isLoopback(new URL(context.server).hostname);
  const describe = (host: string): NodeAddress => ({ host, reachableFrom: from(host, local) });
  if (config.nodeHost !== undefined) return [describe(config.nodeHost)];
  if (isOffline()) return [describe("192.0.2.1")];
  const { status, text } = await apiRequest(context, "/api/v1/nodes?limit=20");
  // Without the right to list nodes the proof goes through the API server.
  if (status !== 200) return [];
  const addresses = ((JSON.parse(text) as NodeList).items ?? []).flatMap(
    (node) => node.status?.addresses ?? [],
  );
  const hosts = ["ExternalIP", "InternalIP"].flatMap((type) =>
    addresses.filter((candidate) => candidate.type === type).map(({ address }) => address),
  );
  return [...new Set([...(local ? ["127.0.0.1"] : []), ...hosts])].slice(0, 6).map(describe);
}

/** Clusters whose API server is on loopback run on this machine (kind, k3d, Docker Desktop), and so do their nodes. */
function from(host: string, local: boolean): ReachableFrom {
  if (local || isLoopback(host)) return "machine";
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/.test(
    host,
  )
    ? "vpc"
    : "internet";
}

const isLoopback = (host: string) =>
  host === "localhost" || host === "[::1]" || host === "::1" || host.startsWith("127.");
