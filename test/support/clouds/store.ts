import * as fs from "node:fs";
import * as path from "node:path";
import type { Stored } from "./kind";

interface Kept {
  resources: Stored[];
  values: Record<string, unknown>;
}

/** All that the clouds know, in one file: they outlive their process. */
export class Store {
  private readonly resources = new Map<string, Stored>();
  private readonly values = new Map<string, unknown>();

  /** @param file is read if it is there, and written on each change */
  constructor(private readonly file: string) {
    if (!fs.existsSync(file)) return;
    const kept = JSON.parse(fs.readFileSync(file, "utf8")) as Kept;
    for (const resource of kept.resources) this.keep(settled(resource));
    for (const [key, value] of Object.entries(kept.values)) this.values.set(key, value);
  }

  /** Of one kind, the oldest first. @param kind default: all */
  list(kind?: string): Stored[] {
    const all = [...this.resources.values()];
    return kind === undefined ? all : all.filter((resource) => resource.kind === kind);
  }

  find(kind: string, id: string): Stored | undefined {
    return this.resources.get(keyOf(kind, id));
  }

  put(resource: Stored): Stored {
    this.keep(resource);
    this.write();
    return resource;
  }

  remove({ kind, id }: Pick<Stored, "kind" | "id">): void {
    this.resources.delete(keyOf(kind, id));
    this.write();
  }

  /** What is no resource: issued tokens, conditions, counters. @returns undefined where nothing was set */
  get(key: string): unknown {
    return this.values.get(key);
  }

  /** @param value undefined: forgets it */
  set(key: string, value: unknown): void {
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    this.write();
  }

  private keep(resource: Stored | undefined): void {
    if (resource !== undefined) this.resources.set(keyOf(resource.kind, resource.id), resource);
  }

  private write(): void {
    const kept: Kept = {
      resources: this.list(),
      values: Object.fromEntries(this.values),
    };
    const partial = path.join(path.dirname(this.file), `.${path.basename(this.file)}`);
    fs.writeFileSync(partial, JSON.stringify(kept, null, 1), { mode: 0o600 });
    fs.renameSync(partial, this.file);
  }
}

const keyOf = (kind: string, id: string) => `${kind}|${id}`;

/** What was under way when the process ended is taken as done. */
function settled(resource: Stored): Stored | undefined {
  return resource.state === "deleting" ? undefined : { ...resource, state: "ready" };
}
