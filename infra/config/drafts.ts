/**
 * Config as it was read, before anything of it was found right: what checks of several keys work on, so that their faults are told
 * together with the schema's.
 */
import type { ServiceConfig } from "./service";
import type { Values } from "./faults";

/** A service as it was read. */
export type ServiceDraft = Partial<Record<keyof ServiceConfig, unknown>>;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const keysOf = (value: unknown): string[] => (isRecord(value) ? Object.keys(value) : []);

/** A section, or what stands at a key of one; empty where there is no object. */
export const recordAt = (value: unknown, key: string): Readonly<Record<string, unknown>> => {
  const inner = isRecord(value) ? value[key] : undefined;
  return isRecord(inner) ? inner : {};
};

/** The services that are objects, by name. */
export function serviceDrafts(values: Values): [string, ServiceDraft][] {
  return Object.entries(recordAt(values, "services")).flatMap(
    ([name, service]): [string, ServiceDraft][] => (isRecord(service) ? [[name, service]] : []),
  );
}
