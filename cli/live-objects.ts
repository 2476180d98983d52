import { setTimeout as pause } from "node:timers/promises";
import type {
  KubernetesObject,
  KubernetesObjectApi,
  V1NamespaceStatus,
} from "@kubernetes/client-node";
import { UserError } from "../local/errors";
import { NoAnswer, unreachable, within } from "./cluster-access";
import type { Waiting } from "./inventory/proof";
import { loginsIn } from "./login";
import { reveal, type StateResource } from "./state";
import { stuck } from "./stuck-namespaces";

export interface LiveObject {
  /** As its provider forms it: of Kubernetes `namespace/name`, or `name` for what has no namespace. */
  id: string;
  /** As few as the provider needs to read the rest, and no data of the object: it may be secret. None: it reads by the ID alone. */
  outputs: Record<string, unknown>;
}

/** @returns what a state resource describes, if it is there and the stack's */
export type Finder = (resource: StateResource) => Promise<LiveObject | undefined>;

/** How long an API server may take for one object. */
const ANSWER_MS = 30_000;

/** A namespace waits for its pods, and these for their grace. */
const PATIENCE: Waiting = { totalMs: 300_000, firstPauseMs: 250, longestPauseMs: 5000 };

/**
 * What is being deleted is not there, but in the way: that it has gone is waited for. The finder throws OutOfReach.
 *
 * @param resources the stack's, whose providers hold the kubeconfigs, in plain text
 * @param waiting told what is waited for
 */
export async function findInCluster(
  resources: readonly StateResource[],
  waiting: (text: string) => void,
  patience = PATIENCE,
): Promise<Finder> {
  const { KubernetesObjectApi } = await import("@kubernetes/client-node");
  const apis = new Map(
    [...(await loginsIn(resources))].map(([provider, login]) => [
      provider,
      KubernetesObjectApi.makeApiClient(login),
    ]),
  );
  return async (resource) => {
    const api = apis.get(resource.provider ?? "");
    const wanted = reveal(resource.inputs ?? {}) as KubernetesObject;
    const [name, namespace] = [wanted.metadata?.name, wanted.metadata?.namespace];
    if (api === undefined || name === undefined || wanted.kind === undefined) return undefined;
    const live = await readLasting(api, wanted, waiting, patience);
    if (live === undefined || !isOurs(wanted, live)) return undefined;
    return {
      id: namespace === undefined ? name : `${namespace}/${name}`,
      outputs: outputsOf(live),
    };
  };
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

/** As far as anything of it is read here. */
interface Live extends KubernetesObject {
  status?: V1NamespaceStatus;
}

/** @throws UserError for what is being deleted, and does not go */
async function readLasting(
  api: KubernetesObjectApi,
  wanted: KubernetesObject,
  waiting: (text: string) => void,
  { totalMs, firstPauseMs, longestPauseMs }: Waiting,
): Promise<Live | undefined> {
  const end = Date.now() + totalMs;
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
    const live = await read(api, wanted);
    if (live?.metadata?.deletionTimestamp === undefined) return live;
    const label = `${live.kind ?? wanted.kind} ${live.metadata.name}`;
    if (Date.now() + wait > end) throw inTheWay(label, live);
    waiting(`waiting until ${label} is gone`);
    await pause(wait);
  }
}

function inTheWay(label: string, live: Live): UserError {
  const known = live.kind === "Namespace" ? stuck(live) : undefined;
  const finalizers = live.metadata?.finalizers ?? [];
  const held = finalizers.length > 0 ? `, held by its finalizers ${finalizers.join(", ")}` : "";
  return new UserError(`${label} is being deleted, and does not go`, {
    why:
      known?.why ?? `since ${live.metadata?.deletionTimestamp?.toISOString() ?? "a while"}${held}`,
    fix: known?.fix ?? "see to it that what holds it lets go, then run the same command again",
  });
}

async function read(api: KubernetesObjectApi, wanted: KubernetesObject): Promise<Live | undefined> {
  const { apiVersion = "v1", kind = "", metadata } = wanted;
  const [name, namespace] = [metadata?.name ?? "", metadata?.namespace];
  try {
    return await within(
      ANSWER_MS,
      api.read<Live>({
        apiVersion,
        kind,
        metadata: namespace === undefined ? { name } : { name, namespace },
      }),
    );
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 404) return undefined;
    // What fetch says of a connection that isn't made, or breaks.
    const silent = error instanceof TypeError && error.cause !== undefined;
    throw code === 401 || silent || error instanceof NoAnswer ? unreachable(error) : error;
  }
}
