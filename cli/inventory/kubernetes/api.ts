import { z, type ZodType } from "zod";
import { apiRequest, type KubeContext } from "../../../infra/kubeconfig";
import { stackLabels } from "../../../infra/manifests/labels";
import { quote } from "../../shell";
import { ApiError } from "../http";
import { list } from "../shapes";

/** A cluster that a stack was in, and that stays. */
export interface KubernetesPlace {
  readonly context: KubeContext;
  /** Path of the kubeconfig. Default: kubectl's own. */
  readonly kubeconfig?: string;
  /** Namespaces that the stack makes, for those who may not list all. */
  readonly namespaces: readonly string[];
}

/** What is read of any object. */
export const metadata = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
});

/** Of everything that is the stack's. */
export const selectorOf = (stack: string) =>
  Object.entries(stackLabels(stack))
    .map((pair) => pair.join("="))
    .join(",");

const OK = 200;

/** @param accept default: the whole object, as JSON. @throws ApiError */
export async function read<T>(
  { context }: KubernetesPlace,
  path: string,
  shape: ZodType<T>,
  accept = "application/json",
): Promise<T> {
  const { status, text } = await apiRequest(context, path, {
    headers: { accept },
    timeoutMs: 30_000,
  });
  if (status === OK) return shape.parse(JSON.parse(text));
  throw new ApiError(status, new URL(path, context.server).href, text);
}

const listOf = <T>(item: ZodType<T>) =>
  z.object({
    metadata: z.object({ continue: z.string().optional() }).default({}),
    items: list(item),
  });

/** All pages: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
export async function readList<T>(
  place: KubernetesPlace,
  path: string,
  item: ZodType<T>,
  { selector, accept }: { selector: string; accept?: string },
): Promise<T[]> {
  const items: T[] = [];
  for (let more: string | undefined = ""; more !== undefined;) {
    const query = new URLSearchParams({ labelSelector: selector, limit: "500" });
    if (more !== "") query.set("continue", more);
    const page = await read(place, `${path}?${query.toString()}`, listOf(item), accept);
    items.push(...page.items);
    more = page.metadata.continue === "" ? undefined : page.metadata.continue;
  }
  return items;
}

/** `kubectl delete …` of a thing in this cluster. @param name may hold what a shell would take for its own: those of RBAC are free */
export const deletion = ({ context, kubeconfig }: KubernetesPlace, kind: string, name: string) =>
  [
    `kubectl delete ${kind} ${quote(name)}`,
    ...(kubeconfig === undefined ? [] : [`--kubeconfig ${quote(kubeconfig)}`]),
    `--context ${quote(context.name)}`,
  ].join(" ");

export const isRefused = (error: unknown) => error instanceof ApiError && error.status === 403;
export const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404;
