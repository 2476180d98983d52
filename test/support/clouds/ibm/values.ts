import { isValues, type Values } from "../values";

/** @returns the number below a key */
export function count(values: Values, key: string, otherwise: number): number {
  const found = values[key];
  return typeof found === "number" ? found : otherwise;
}

export const flag = (values: Values, key: string): boolean => values[key] === true;

/** @returns the texts of the list below a key; [] where there is none */
export function texts(values: Values, key: string): string[] {
  const found = values[key];
  return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
}

/** @returns the texts of the object below a key; {} where there is none */
export function textMap(values: Values, key: string): Record<string, string> {
  const found = values[key];
  if (!isValues(found)) return {};
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
}
