/** Who owns which field, by `metadata.managedFields` (await.go: fixCSAFieldManagers, handleSSAIgnoreFields). */
import { isMap, type PlainObject } from "../rpc/properties";
import { containsPath, parsePath } from "./diff";
import { get, getList, getMap, getString, remove, set, type KubeObject } from "./object";

/** Managers whose fields a Pulumi program takes over on its first update. */
const absorbed = [
  { manager: "kubectl", operation: "Apply" },
  { manager: "kubectl", operation: "Update" },
  { manager: "before-first-apply", operation: "Update" },
  { manager: "pulumi-kubernetes", operation: "Update" },
  { manager: "pulumi-kubernetes.exe", operation: "Update" },
  { manager: "pulumi-resource-kubernetes", operation: "Update" },
];

/**
 * managedFields in which `fieldManager` has applied what it, or an absorbed manager, wrote otherwise;
 * undefined when nothing is to be taken over. Without this, fields written by the initial create
 * could neither be changed without a conflict nor be removed.
 */
export function takeOver(live: KubeObject, fieldManager: string): PlainObject[] | undefined {
  const entries = getList(live, "metadata", "managedFields").filter((entry): entry is PlainObject =>
    isMap(entry),
  );
  const isTaken = (entry: PlainObject): boolean => {
    if (getString(entry, "subresource") !== "") return false;
    const manager = getString(entry, "manager");
    const operation = getString(entry, "operation");
    return (
      (manager === fieldManager && operation === "Update") ||
      absorbed.some((other) => other.manager === manager && other.operation === operation)
    );
  };
  const taken = entries.filter(isTaken);
  if (taken.length === 0) return undefined;
  const isOurs = (entry: PlainObject): boolean =>
    getString(entry, "manager") === fieldManager && getString(entry, "operation") === "Apply";
  const ours = entries.find(isOurs);
  const fields = [...(ours === undefined ? [] : [ours]), ...taken].map((entry) =>
    getMap(entry, "fieldsV1"),
  );
  const merged: PlainObject = {
    ...(ours ?? taken[0]),
    manager: fieldManager,
    operation: "Apply",
    fieldsV1: fields.reduce(union),
  };
  return [merged, ...entries.filter((entry) => !isTaken(entry) && !isOurs(entry))];
}

function union(a: PlainObject, b: PlainObject): PlainObject {
  const result: PlainObject = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const present = result[key];
    result[key] = isMap(present) && isMap(value) ? union(present, value) : value;
  }
  return result;
}

/** Whether a dry run must be forced because the real update would first take fields over. */
export function wouldTakeOver(live: KubeObject, fieldManager: string): boolean {
  return takeOver(live, fieldManager) !== undefined;
}

/**
 * An ignored field that only somebody else manages is left out of what is applied; any other keeps
 * its live value.
 */
export function keepIgnored(
  inputs: KubeObject,
  live: KubeObject,
  ignoreChanges: string[],
  fieldManager: string,
): void {
  const entries = getList(live, "metadata", "managedFields");
  const manages = (path: string[], ours: boolean): boolean =>
    entries
      .filter((entry) => (getString(entry, "manager") === fieldManager) === ours)
      .some((entry) => get(entry, "fieldsV1", ...path.map((step) => `f:${step}`)) !== undefined);
  for (const ignored of ignoreChanges) {
    const path = parsePath(ignored).map(String);
    if (path.length === 0) throw new Error(`cannot parse the ignoreChanges path ${ignored}`);
    if (manages(path, false) && !manages(path, true)) {
      remove(inputs, ...path);
      continue;
    }
    const value = get(live, ...path);
    if (value !== undefined) set(inputs, value, ...path);
  }
}

export function isIgnored(path: string, ignoreChanges: string[]): boolean {
  return ignoreChanges.some((ignored) => containsPath(parsePath(ignored), parsePath(path)));
}
