/** Carries the secret marks of inputs over to what the API server gave back (provider.go: annotateSecrets, checkpointObject). */
import {
  hasSecret,
  isMap,
  Secret,
  strip,
  type PlainObject,
  type PropertyMap,
  type PropertyValue,
} from "../rpc/properties";
import { toDashes, toUnderscores } from "./normalize";
import type { KubeObject } from "./object";

const keys = {
  inputs: "__inputs",
  initialApiVersion: "__initialApiVersion",
  fieldManager: "__fieldManager",
} as const;

/** What Pulumi stores for a resource: the live object and the inputs it came from. */
export interface State {
  inputs: PlainObject;
  live: KubeObject;
  initialApiVersion: string;
  fieldManager: string;
}

/** A list with one secret element becomes a secret as a whole: the server may reorder it. */
export function markSecrets(target: PropertyMap, inputs: PropertyMap): void {
  if (target["kind"] === "Secret") {
    for (const field of ["data", "stringData"]) {
      const value = target[field];
      if (value !== undefined) target[field] = makeSecret(value);
    }
    return;
  }
  for (const [key, input] of Object.entries(inputs)) {
    const value = target[key];
    if (value === undefined) continue;
    if (isMap(value) && isMap(input)) markSecrets(value, input);
    else if (hasSecret(input)) target[key] = makeSecret(value);
  }
}

export function toState(state: State, marks: PropertyMap): PropertyMap {
  const live = toUnderscores(state.live) as PropertyMap;
  const inputs = toUnderscores(state.inputs) as PropertyMap;
  markSecrets(live, marks);
  markSecrets(inputs, marks);
  return {
    ...live,
    [keys.inputs]: inputs,
    [keys.initialApiVersion]: state.initialApiVersion,
    [keys.fieldManager]: state.fieldManager,
  };
}

export function fromState(properties: PropertyMap): State {
  const { [keys.inputs]: inputs, ...rest } = toDashes(strip(properties));
  const { [keys.initialApiVersion]: apiVersion, [keys.fieldManager]: manager, ...live } = rest;
  const old = isMap(inputs) ? inputs : {};
  return {
    inputs: old,
    live,
    initialApiVersion: text(apiVersion) ?? text(old["apiVersion"]) ?? "",
    fieldManager: text(manager) ?? "",
  };
}

function makeSecret(value: PropertyValue): PropertyValue {
  return value instanceof Secret ? value : new Secret(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
