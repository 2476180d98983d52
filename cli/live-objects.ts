import type { KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import type { StateResource } from "./state";

export interface LiveObject {
  /** As Pulumi's Kubernetes provider forms it: `namespace/name`, or `name` for what has no namespace. */
  id: string;
  /** As few as the provider needs to read the rest, and no data of the object: it may be secret. */
  outputs: Record<string, unknown>;
}

/** @returns the object a state resource describes, if the cluster has it and it is the stack's */
export type ClusterFinder = (resource: StateResource) => Promise<LiveObject | undefined>;

/** How `pulumi stack export --show-secrets` marks a secret; `plaintext` is JSON. */
const SECRET_KEY = "4dabf18193072939515e22adb298388d";

/** @param resources the stack's, whose providers hold the kubeconfigs, in plain text */
export async function findInCluster(resources: readonly StateResource[]): Promise<ClusterFinder> {
  const { KubeConfig, KubernetesObjectApi } = await import("@kubernetes/client-node");
  const apis = new Map<string, KubernetesObjectApi>();
  for (const provider of resources) {
    if (provider.type !== "pulumi:providers:kubernetes") continue;
    const { kubeconfig, context } = reveal(provider.inputs ?? {}) as Record<string, unknown>;
    const config = new KubeConfig();
    if (typeof kubeconfig !== "string") config.loadFromDefault();
    else if (/^\s*[{a-zA-Z][^\n]*[:{]/.test(kubeconfig) && /[\n{]/.test(kubeconfig))
      config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig);
    if (typeof context === "string") config.setCurrentContext(context);
    apis.set(`${provider.urn}::${provider.id ?? ""}`, KubernetesObjectApi.makeApiClient(config));
  }
  return async (resource) => {
    const api = apis.get(resource.provider ?? "");
    const wanted = reveal(resource.inputs ?? {}) as KubernetesObject;
    const [name, namespace] = [wanted.metadata?.name, wanted.metadata?.namespace];
    if (api === undefined || name === undefined || wanted.kind === undefined) return undefined;
    const live = await read(api, wanted);
    if (live === undefined || !isOurs(wanted, live)) return undefined;
    return {
      id: namespace === undefined ? name : `${namespace}/${name}`,
      outputs: outputsOf(live),
    };
  };
}

/** The plain value of what an export marks as secret, at any depth. */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (SECRET_KEY in record && typeof record["plaintext"] === "string")
    return JSON.parse(record["plaintext"]);
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, reveal(inner)]));
}

/**
 * The provider chooses a field manager's name at random when it creates, and keeps it in the state. One that is not kept
 * would come into conflict with itself at the next change.
 */
function outputsOf({ apiVersion, kind, metadata }: KubernetesObject): Record<string, unknown> {
  const manager = metadata?.managedFields?.find(
    (entry) =>
      entry.manager?.startsWith("pulumi-kubernetes-") === true && entry.subresource === undefined,
  )?.manager;
  return {
    apiVersion,
    kind,
    metadata: { name: metadata?.name, namespace: metadata?.namespace, uid: metadata?.uid },
    __initialApiVersion: apiVersion,
    ...(manager === undefined ? {} : { __fieldManager: manager }),
  };
}

/** Whoever else made an object of that name did not give it the stack's labels. */
function isOurs(wanted: KubernetesObject, live: KubernetesObject): boolean {
  const labels = Object.entries(wanted.metadata?.labels ?? {});
  return labels.every(([key, value]) => live.metadata?.labels?.[key] === value);
}

async function read(
  api: KubernetesObjectApi,
  wanted: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  const { apiVersion = "v1", kind = "", metadata } = wanted;
  const [name, namespace] = [metadata?.name ?? "", metadata?.namespace];
  try {
    return await api.read({
      apiVersion,
      kind,
      metadata: namespace === undefined ? { name } : { name, namespace },
    });
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}
