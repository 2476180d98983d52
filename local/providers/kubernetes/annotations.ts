/** The annotations that steer the official provider (provider/pkg/metadata/{annotations,overrides}.go). */
import { hasUnknown, type PropertyMap } from "../rpc/properties";
import { annotation, type KubeObject } from "./object";

export const annotations = {
  autonamed: "pulumi.com/autonamed",
  skipAwait: "pulumi.com/skipAwait",
  waitFor: "pulumi.com/waitFor",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  replaceUnready: "pulumi.com/replaceUnready",
  patchForce: "pulumi.com/patchForce",
  patchFieldManager: "pulumi.com/patchFieldManager",
  deletionPropagationPolicy: "pulumi.com/deletionPropagationPolicy",
} as const;

export function isTrue(object: KubeObject, key: string): boolean {
  return annotation(object, key) === "true";
}

const defaultTimeoutSeconds = 600;

/** `customTimeouts`, else the annotation when it is a whole number, else ten minutes. */
export function timeoutSeconds(customTimeout: number, object: KubeObject): number {
  if (customTimeout !== 0) return customTimeout;
  const text = annotation(object, annotations.timeoutSeconds);
  return /^[+-]?\d+$/.test(text) ? Number(text) : defaultTimeoutSeconds;
}

export function propagationPolicy(object: KubeObject): "Orphan" | "Background" | "Foreground" {
  switch (annotation(object, annotations.deletionPropagationPolicy).toLowerCase()) {
    case "orphan":
      return "Orphan";
    case "background":
      return "Background";
    default:
      return "Foreground";
  }
}

/** Kinds for which `skipAwait` also skips the wait for deletion, as it always did there. */
const skipsDeletionAwait = new Set([
  "v1/Namespace",
  "v1/Pod",
  "v1/ReplicationController",
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
]);

export function skipsAwaitingDeletion(inputs: KubeObject, typeName: string): boolean {
  return isTrue(inputs, annotations.skipAwait) && skipsDeletionAwait.has(typeName);
}

/** Whether metadata.name is set, be it to a value that is not known yet. */
export function isNamed(properties: PropertyMap): boolean {
  const metadata = properties["metadata"];
  const name =
    metadata !== null && typeof metadata === "object" && "name" in metadata
      ? (metadata["name"] ?? "")
      : "";
  return hasUnknown(name) || (typeof name === "string" && name !== "");
}
