/** The answer to "what would this update do" (provider.go, Diff). */
import { strip, type PlainObject, type PropertyMap } from "../rpc/properties";
import { annotations, isNamed, isTrue } from "./annotations";
import { isNamespaced, typeOf } from "./check";
import type { Cluster } from "./cluster";
import { compare, prune, type Change } from "./diff";
import { isIgnored } from "./field-managers";
import { forceNewPaths, patchForceNew, type Mutability } from "./immutable";
import { normalize, toDashes } from "./normalize";
import {
  apiVersionOf,
  condition,
  getString,
  kindOf,
  nameOf,
  namespaceOf,
  remove,
  set,
  type KubeObject,
} from "./object";
import { isPatchResource } from "./resource-type";
import { fromState } from "./secrets";

export interface DiffRequest {
  urn: string;
  olds: PropertyMap;
  news: PropertyMap;
  ignoreChanges: string[];
}

export interface DiffResult {
  detailed: Map<string, Change>;
  replaces: string[];
  deleteBeforeReplace: boolean;
  warning?: string;
}

export async function diff(
  request: DiffRequest,
  cluster: Cluster | undefined,
  mutability: Mutability,
  readLive: (object: KubeObject) => Promise<KubeObject>,
): Promise<DiffResult> {
  const state = fromState(request.olds);
  const inputs = normalize(toDashes(strip(request.news)));
  const old = prune(state.live, normalize(state.inputs));
  await place(old, inputs, cluster);
  if (apiVersionOf(old) === "") Object.assign(old, typeOf(inputs));
  remove(old, "metadata", "resourceVersion");
  // A program may take up the name that was generated for it.
  if (nameOf(inputs) !== "") set(old, nameOf(state.live), "metadata", "name");

  const forceNew = isPatchResource(request.urn, inputs)
    ? patchForceNew
    : forceNewPaths(inputs, mutability);
  const detailed = compare(old, inputs, forceNew);
  for (const path of detailed.keys())
    if (isIgnored(path, request.ignoreChanges)) detailed.delete(path);
  const replaces = [...detailed]
    .filter(
      ([path, change]) => change.replaces || (path === "metadata" && change.kind === "delete"),
    )
    .map(([path]) => path);

  let warning: string | undefined;
  if (isTrue(inputs, annotations.replaceUnready)) {
    if (cluster === undefined) warning = "the cluster is unreachable, so replaceUnready is skipped";
    else if (kindOf(inputs) !== "Job") warning = "replaceUnready is supported for Jobs only";
    else if (await isUnfinished(state.live, readLive))
      replaces.push(`.metadata.annotations["${annotations.replaceUnready}"]`);
  }
  const keepsIdentity =
    nameOf(inputs) === nameOf(state.live) && namespaceOf(inputs) === namespaceOf(state.live);
  return {
    detailed,
    replaces,
    deleteBeforeReplace:
      replaces.length > 0 &&
      isNamed(request.news) &&
      !isTrue(inputs, annotations.autonamed) &&
      keepsIdentity,
    ...(warning !== undefined && { warning }),
  };
}

/** No namespace is the namespace `default`, and what is not namespaced has none. */
async function place(
  old: PlainObject,
  inputs: PlainObject,
  cluster: Cluster | undefined,
): Promise<void> {
  const namespaced = await isNamespaced(typeOf(inputs), cluster);
  for (const object of [old, inputs]) {
    if (!namespaced) remove(object, "metadata", "namespace");
    else if (getString(object, "metadata", "namespace") === "" && !hasNamespace(object))
      set(object, "default", "metadata", "namespace");
  }
}

/** An unknown namespace is one too. */
function hasNamespace(object: PlainObject): boolean {
  const metadata = object["metadata"];
  return typeof metadata === "object" && metadata !== null && "namespace" in metadata;
}

async function isUnfinished(
  live: KubeObject,
  readLive: (object: KubeObject) => Promise<KubeObject>,
): Promise<boolean> {
  try {
    const job = await readLive(live);
    return getString(condition(job, "Complete"), "status") !== "True";
  } catch {
    return false;
  }
}
