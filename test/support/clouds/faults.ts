import { z } from "zod";
import { CloudError } from "./kind";
import type { Store } from "./store";

/** Calls of a plugin that can be told to fail. */
export const METHODS = ["check", "create", "read", "update", "delete", "invoke"] as const;
export type Method = (typeof METHODS)[number];

export const fault = z.strictObject({
  /** Type token of the resource, or token of the function. Default: any */
  token: z.string().optional(),
  method: z.enum(METHODS),
  /** What the plugin then reports. */
  error: z.string(),
  /** Calls that fail. Default: 1 */
  times: z.int().min(1).default(1),
});
export type Fault = z.infer<typeof fault>;

/** States of an account or a cloud that make calls fail until they are lifted. */
export const CONDITIONS = [
  "api-disabled",
  "quota",
  "permission-denied",
  "revoked",
  "expired",
  "registry-full",
  "classic-open",
  "withhold-address",
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** What a test made the clouds do wrong; kept with their state. */
export class Faults {
  constructor(private readonly store: Store) {}

  add(fault: Fault): void {
    this.store.set("faults", [...this.list(), fault]);
  }

  /** @throws CloudError if this call was told to fail */
  hit(token: string, method: Method): void {
    const all = this.list();
    const found = all.find((fault) => fault.method === method && (fault.token ?? token) === token);
    if (found === undefined) return;
    const others = all.filter((fault) => fault !== found);
    const left = found.times > 1 ? [{ ...found, times: found.times - 1 }] : [];
    this.store.set("faults", [...others, ...left]);
    throw new CloudError(found.error);
  }

  /** @param value what the condition holds for, e.g. the name of an API; undefined lifts it */
  condition(name: Condition, value: string | true | undefined): void {
    this.store.set(`condition ${name}`, value);
  }

  /** Whether a condition holds. @param of what it may be limited to; a condition without a limit holds for all */
  holds(name: Condition, of?: string): boolean {
    const value = this.store.get(`condition ${name}`);
    return value === true || (value !== undefined && value === of);
  }

  /** What a condition holds for: text, or true. */
  value(name: Condition): string | true | undefined {
    const value = this.store.get(`condition ${name}`);
    return typeof value === "string" || value === true ? value : undefined;
  }

  clear(): void {
    this.store.set("faults", undefined);
    for (const name of CONDITIONS) this.condition(name, undefined);
  }

  private list(): readonly Fault[] {
    return z.array(fault).parse(this.store.get("faults") ?? []);
  }
}
