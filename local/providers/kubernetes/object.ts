/** Kubernetes objects as plain data, read by path. */
import { isMap, type Plain, type PlainObject } from "../rpc/properties";

export type KubeObject = PlainObject;

export function get(object: Plain | undefined, ...path: (string | number)[]): Plain | undefined {
  let value = object;
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isMap(value)) value = Object.hasOwn(value, key) ? value[key] : undefined;
    else return undefined;
  }
  return value;
}

export function getMap(object: Plain | undefined, ...path: string[]): PlainObject {
  const value = get(object, ...path);
  return isMap(value) ? value : {};
}

export function getList(object: Plain | undefined, ...path: string[]): Plain[] {
  const value = get(object, ...path);
  return Array.isArray(value) ? value : [];
}

export function getString(object: Plain | undefined, ...path: (string | number)[]): string {
  const value = get(object, ...path);
  return typeof value === "string" ? value : "";
}

export function getNumber(object: Plain | undefined, ...path: string[]): number | undefined {
  const value = get(object, ...path);
  return typeof value === "number" ? value : undefined;
}

/** Creates what is missing on the way; does nothing where the way is blocked by an unknown. */
export function set(object: PlainObject, value: Plain, ...path: string[]): void {
  let parent = object;
  for (const key of path.slice(0, -1)) {
    const child = (parent[key] ??= {});
    if (!isMap(child)) return;
    parent = child;
  }
  parent[path.at(-1) as string] = value;
}

export function remove(object: PlainObject, ...path: string[]): void {
  const parent = get(object, ...path.slice(0, -1));
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the path is data
  if (isMap(parent)) delete parent[path.at(-1) as string];
}

export const apiVersionOf = (object: KubeObject): string => getString(object, "apiVersion");
export const kindOf = (object: KubeObject): string => getString(object, "kind");
export const nameOf = (object: KubeObject): string => getString(object, "metadata", "name");
export const namespaceOf = (object: KubeObject): string =>
  getString(object, "metadata", "namespace");
export const annotation = (object: KubeObject, key: string): string =>
  getString(object, "metadata", "annotations", key);

/** `namespace/name`, or `name` for what has no namespace: the resource's id in Pulumi. */
export function qualifiedName(object: KubeObject): string {
  const namespace = namespaceOf(object);
  return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

export function parseQualifiedName(id: string): { namespace: string; name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

export function isOwnedBy(object: Plain, owner: KubeObject | undefined): boolean {
  const uid = getString(owner, "metadata", "uid");
  return (
    uid !== "" &&
    getList(object, "metadata", "ownerReferences").some((ref) => getString(ref, "uid") === uid)
  );
}

/** The status condition of a type, e.g. `Available`. */
export function condition(object: Plain | undefined, type: string): Plain | undefined {
  return getList(object, "status", "conditions").find((c) => getString(c, "type") === type);
}
