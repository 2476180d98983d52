import { stackLabel } from "../infra/manifests/labels";
import { within } from "./cluster-access";
import { loginsIn } from "./login";
import type { Session } from "./session";

/** Why a namespace is still there after its deletion began, and the way out. */
export interface Stuck {
  readonly why: string;
  readonly fix: string;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string | undefined;
}

/** What is looked at of a Namespace. */
export interface Namespace {
  readonly metadata?: { readonly name?: string | undefined } | undefined;
  readonly status?:
    | {
        readonly phase?: string | undefined;
        readonly conditions?: readonly Condition[] | undefined;
      }
    | undefined;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/#NamespaceStatus, in the order of what to look at first. */
const REASONS = [
  "NamespaceDeletionDiscoveryFailure",
  "NamespaceDeletionGroupVersionParsingFailure",
  "NamespaceDeletionContentFailure",
  "NamespaceContentRemaining",
  "NamespaceFinalizersRemaining",
];

/** How long it is tried to say more than that it failed. */
const ANSWER_MS = 10_000;

/** Namespaces of the stack that can't go. Empty where the cluster doesn't answer. */
export async function stuckNamespaces(
  { stack, engine }: Pick<Session, "stack" | "engine">,
  answerMs = ANSWER_MS,
): Promise<Stuck[]> {
  try {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const { state } = await engine.export();
    const [login] = (await loginsIn(state.resources)).values();
    if (login === undefined) return [];
    const labelSelector = `app.kubernetes.io/instance=${stackLabel(stack)}`;
    const list = login.makeApiClient(CoreV1Api).listNamespace({ labelSelector });
    const { items } = await within(answerMs, list);
    return items.flatMap((item) => stuck(item) ?? []);
  } catch {
    return [];
  }
}

/** @returns undefined for one that isn't being deleted, or that nothing is said of */
export function stuck({ metadata, status }: Namespace): Stuck | undefined {
  const name = metadata?.name ?? "";
  if (status?.phase !== "Terminating") return undefined;
  const said = REASONS.flatMap((type) =>
    (status.conditions ?? []).filter((one) => one.type === type && one.status === "True"),
  );
  if (said.length === 0) return undefined;
  const messages = said.map(({ message, type }) => message ?? type);
  return {
    why: `namespace ${name} is Terminating: ${messages.join("; ")}`,
    fix: fixOf(name, said),
  };
}

/** Objects that have a finalizer wait for whoever takes it off; where that is gone, they wait for ever. */
function fixOf(namespace: string, said: readonly Condition[]): string {
  if (said[0]?.type.startsWith("NamespaceDeletionDiscovery") === true)
    return "kubectl get apiservices   # one that is not available keeps every namespace: bring it back, or delete it";
  const kinds = said.flatMap(({ message = "" }) =>
    [...message.matchAll(/([\w.-]+)\. has \d+ resource instances/g)].map(([, kind = ""]) =>
      kind.replace(/\.$/, ""),
    ),
  );
  const [kind = "KIND"] = kinds;
  return [
    `kubectl get ${kinds.join(",") || "all"} --namespace ${namespace}   # what is left in it`,
    `where nobody takes the finalizers off: kubectl patch ${kind} NAME --namespace ${namespace} --type merge --patch '{"metadata":{"finalizers":null}}'`,
  ].join("\n       ");
}
