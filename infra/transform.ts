import * as pulumi from "@pulumi/pulumi";
import type { TransformConfig } from "./config/service-pods";

/** Kinds of a service's objects that config may patch. */
export type TransformedKind = keyof TransformConfig;

/**
 * JSON merge patch, RFC 7396: objects are merged, null takes a key away, anything else replaces. What an object holds that is known
 * later only (an Output) is a value like any other.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const merged = new Map(isPlainObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch))
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  return Object.fromEntries(merged);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !pulumi.Output.isInstance(value)
  );
}

/** Patches the Kubernetes objects below a component as they are registered, wherever in the code they are made. */
export function transformByKind(patches: TransformConfig): pulumi.ResourceTransformation {
  const byKind: Readonly<Record<string, unknown>> = patches;
  return ({ type, props, opts }) => {
    const [, kind = ""] = /^kubernetes:[^:]+:(\w+)$/.exec(type) ?? [];
    const patch = byKind[kind];
    if (patch === undefined) return undefined;
    return { props: mergePatch(props, patch) as pulumi.Inputs, opts };
  };
}
