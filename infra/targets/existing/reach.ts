import * as dns from "node:dns/promises";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { repositoryRoot } from "../../../local/paths";
import type { ExistingConfig } from "../../config/targets/existing";
import { messageOf, ProgramError } from "../../errors";
import { apiRequest, connect, readContext, type KubeContext } from "../../kubeconfig";
import type { ReachableFrom } from "../target";
import { placeOfHost } from "./addresses";

export interface Reached {
  readonly text: string;
  readonly context: KubeContext;
  /** Where the API server is, hence what stands in front of the cluster's services. */
  readonly reachableFrom: ReachableFrom;
  readonly apis: ServedApis;
}

/** What the cluster can do beyond Kubernetes itself. */
export interface ServedApis {
  /** OpenShift gives each namespace users of its own: none may be fixed. */
  readonly openshift: boolean;
  readonly routes: boolean;
  readonly builds: boolean;
  readonly customMetrics: boolean;
  readonly cpuMetrics: boolean;
}

/** Everything that can be known to be wrong before anything is registered. @throws ProgramError */
export async function reach(config: ExistingConfig): Promise<Reached> {
  const { text, origin } = readKubeconfig(config);
  const context = await findContext(text, origin, config);
  const { groups, version } = await discover(context, origin);
  refuseOld(context, version);
  return { text, context, reachableFrom: await placeOf(context), apis: servedApis(groups) };
}

/** For runs without a cluster: a plain Kubernetes, or the OpenShift that the config says it is. */
export function offline(config: ExistingConfig): Reached {
  const server = "https://192.0.2.1:6443";
  const name = config.context ?? "offline";
  const { openshift } = config;
  return {
    text: "<kubeconfig>",
    context: { name, server, cluster: { server }, user: {} },
    reachableFrom: "internet",
    apis: {
      openshift,
      routes: openshift,
      builds: openshift,
      customMetrics: false,
      cpuMetrics: true,
    },
  };
}

/** @param groups names as `kubectl api-versions` begins with them */
export function servedApis(groups: readonly string[]): ServedApis {
  const has = (...names: string[]) => names.every((name) => groups.includes(name));
  return {
    openshift: has("security.openshift.io"),
    routes: has("route.openshift.io"),
    builds: has("build.openshift.io", "image.openshift.io"),
    customMetrics: has("custom.metrics.k8s.io"),
    cpuMetrics: has("metrics.k8s.io"),
  };
}

/** As `/version` tells it, e.g. 1 and 29+. */
interface Version {
  major?: string;
  minor?: string;
}

/** API discovery is open to everyone who is logged in. What isn't told is not known: no groups, no version. */
async function discover(
  context: KubeContext,
  origin: string,
): Promise<{ groups: string[]; version: Version }> {
  const { name, server } = context;
  try {
    await connect(server);
    const [apis, version] = await Promise.all([
      apiRequest(context, "/apis"),
      apiRequest(context, "/version"),
    ]);
    if (apis.status === 401) throw new Error("the credentials are refused (401)");
    const { groups = [] } = (apis.status === 200 ? JSON.parse(apis.text) : {}) as {
      groups?: { name: string }[];
    };
    return {
      groups: groups.map((group) => group.name),
      version: (version.status === 200 ? JSON.parse(version.text) : {}) as Version,
    };
  } catch (error) {
    throw new ProgramError(`the cluster of context "${name}" does not answer`, {
      why: `${server}: ${messageOf(error)} (kubeconfig ${origin})`,
      fix: `start the cluster, log in again, or ${setKey("context", "<context>")}`,
    });
  }
}

/** Pods outlive their last requests by `preStop.sleep`, which is there from 1.30 on: https://kep.k8s.io/3960 */
const OLDEST_MINOR = 30;

/** Else the API server would refuse the Deployment, after the image was built and pushed. @throws ProgramError */
function refuseOld({ name }: KubeContext, { major, minor = "" }: Version): void {
  if (major !== "1" || !(Number.parseInt(minor, 10) < OLDEST_MINOR)) return;
  throw new ProgramError(`the cluster of context "${name}" has Kubernetes 1.${minor}`, {
    why: `pods need lifecycle.preStop.sleep, which is there from Kubernetes 1.${OLDEST_MINOR} (OpenShift 4.17) on`,
    fix: `upgrade the cluster, or ${setKey("context", "<context>")}`,
  });
}

/** A name in DNS may stand for a company's private address. */
async function placeOf({ server }: KubeContext): Promise<ReachableFrom> {
  const { hostname } = new URL(server);
  const address = await dns.lookup(hostname.replace(/^\[|\]$/g, "")).catch(() => undefined);
  return placeOfHost(address?.address ?? hostname);
}

export function readKubeconfig({ kubeconfig }: ExistingConfig): { text: string; origin: string } {
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

export async function findContext(
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

const setKey = (key: string, value: string) =>
  `pulumi config set --path 'modelport:existing.${key}' '${value}' --stack ${pulumi.getStack()}`;
