/** Inputs as they are stored and diffed: named, placed in a namespace, normalised (provider.go, Check). */
import { strip, type PropertyMap } from "../rpc/properties";
import { parseUrn } from "../rpc/urn";
import type { Cluster, Reach } from "./cluster";
import { NoMatchError } from "./discovery";
import { adoptName, assignName, type Autonaming } from "./naming";
import { normalize, toDashes, toUnderscores } from "./normalize";
import { apiVersionOf, get, kindOf, nameOf, set, type KubeObject } from "./object";
import { isList, isPatchResource, parseToken } from "./resource-type";
import { markSecrets } from "./secrets";

export interface CheckRequest {
  urn: string;
  olds: PropertyMap;
  news: PropertyMap;
  randomSeed: Uint8Array;
  autonaming: Autonaming | undefined;
}

const managedByLabel = ["metadata", "labels", "app.kubernetes.io/managed-by"];

export async function check(
  request: CheckRequest,
  { cluster, defaultNamespace }: Reach,
): Promise<PropertyMap> {
  const { urn, news } = request;
  const token = parseToken(urn);
  if (isList(urn))
    throw new Error("lists of objects cannot be created; use the resource type of the items");
  const oldInputs = toDashes(strip(request.olds));
  const inputs = normalize(toDashes(strip(news)));
  if (isPatchResource(urn, inputs) && nameOf(inputs) === "")
    throw new Error("patch resources require metadata.name");
  if (Object.keys(oldInputs).length > 0) {
    adoptName(inputs, oldInputs);
    // Stacks made with client-side apply have the label, and keep it.
    if (get(oldInputs, ...managedByLabel) === "pulumi") set(inputs, "pulumi", ...managedByLabel);
  } else {
    const { randomSeed, autonaming } = request;
    assignName(inputs, { resourceName: parseUrn(urn).name, randomSeed, autonaming });
  }
  if (nameOf(inputs) === "" && get(inputs, "metadata", "generateName") !== undefined)
    throw new Error("metadata.generateName is not supported with Server-Side Apply");
  const hasNamespace = get(inputs, "metadata", "namespace") !== undefined;
  if (defaultNamespace !== "" && !hasNamespace && (await isNamespaced(token, cluster)))
    set(inputs, defaultNamespace, "metadata", "namespace");
  const checked = toUnderscores(inputs) as PropertyMap;
  markSecrets(checked, news);
  return checked;
}

/** A custom resource whose definition is not there yet is taken to be namespaced. */
export async function isNamespaced(
  type: { apiVersion: string; kind: string },
  cluster: Cluster | undefined,
): Promise<boolean> {
  if (cluster === undefined) return !clusterScoped.has(type.kind);
  try {
    return (await cluster.discovery.find(type.apiVersion, type.kind.replace(/Patch$/, "")))
      .namespaced;
  } catch (error) {
    if (error instanceof NoMatchError) return true;
    throw error;
  }
}

export const typeOf = (object: KubeObject) => ({
  apiVersion: apiVersionOf(object),
  kind: kindOf(object),
});

/** For previews without a cluster. */
const clusterScoped = new Set([
  ...["Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding"],
  ...["StorageClass", "CustomResourceDefinition", "PriorityClass", "RuntimeClass"],
  ...["IngressClass", "APIService", "ValidatingAdmissionPolicy"],
  ...["ValidatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"],
  ...["ValidatingWebhookConfiguration", "CSIDriver", "CSINode"],
]);
