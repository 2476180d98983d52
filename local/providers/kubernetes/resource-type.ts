/** What a Pulumi type token says of the Kubernetes object: `kubernetes:apps/v1:Deployment`. */
import { parseUrn } from "../rpc/urn";
import { kindOf, type KubeObject } from "./object";

export interface ResourceToken {
  apiVersion: string;
  kind: string;
}

/** Resources of the official provider that are more than one object. */
const unsupported = new Set(["helm.sh", "yaml", "kustomize"]);

/** @throws Error for types this provider does not have */
export function parseToken(urn: string): ResourceToken {
  const { type } = parseUrn(urn);
  const [pkg, module = "", kind = ""] = type.split(":");
  const [group = "", version] = module.split("/");
  if (pkg !== "kubernetes" || version === undefined || kind === "")
    throw new Error(`"${type}" is no type of the Kubernetes provider`);
  if (unsupported.has(group))
    throw new Error(
      `modelport's stand-in for the Kubernetes provider has no ${type}. Install the official plugin: pulumi plugin install resource kubernetes`,
    );
  return { apiVersion: group === "core" || group === "" ? version : `${group}/${version}`, kind };
}

/** `NamespacePatch` patches a Namespace. */
export function isPatchResource(urn: string, object: KubeObject): boolean {
  const { kind } = parseToken(urn);
  return kind.endsWith("Patch") && kind === `${kindOf(object)}Patch`;
}

/** Lists exist for manifests' sake and cannot be created (provider.go, Check). */
export function isList(urn: string): boolean {
  return parseToken(urn).kind.endsWith("List");
}
