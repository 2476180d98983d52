/** What resources are made of: JSON, as the plugins' protocol has it. */
export type Values = Record<string, unknown>;

/** How the engine writes a string that is not known before an update has run: pulumi/pulumi sdk/go/common/resource/plugin/rpc.go. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @returns the object below a key; {} where there is none */
export function child(values: Values, key: string): Values {
  const found = values[key];
  return isValues(found) ? found : {};
}

/** @returns the objects of the list below a key; [] where there is none */
export function children(values: Values, key: string): Values[] {
  const found = values[key];
  return Array.isArray(found) ? found.filter(isValues) : [];
}

/** @returns the text below a key; "" where there is none */
export function text(values: Values, key: string): string {
  const found = values[key];
  return typeof found === "string" ? found : "";
}

/** @returns the value at a path with dots */
export function at(values: Values, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (isValues(value) ? value[key] : undefined), values);
}

/** @returns a copy with another value at a path with dots */
export function withAt(values: Values, path: string, value: unknown): Values {
  const [key = "", ...rest] = path.split(".");
  const inner = rest.length === 0 ? value : withAt(child(values, key), rest.join("."), value);
  return { ...values, [key]: inner };
}

/** Whether two values are the same JSON, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => same(one, b[i]));
  if (!isValues(a) || !isValues(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => same(a[key], b[key]));
}
