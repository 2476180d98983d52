/** A collection kept up to date: listed once, then watched, again from the start when the watch ends. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeClient } from "../client";
import { getList, getString, type KubeObject } from "../object";

const settleMs = 10_000;
const retryMs = 1_000;

export class Stream {
  readonly #objects = new Map<string, KubeObject>();
  #settled = false;
  #listed = false;
  #settling: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: KubeClient,
    private readonly collection: string,
    private readonly query: Record<string, string>,
    private readonly type: { apiVersion: string; kind: string },
    private readonly onChange: () => void,
  ) {}

  get objects(): KubeObject[] {
    return [...this.#objects.values()];
  }

  get settled(): boolean {
    return this.#settled;
  }

  get listed(): boolean {
    return this.#listed;
  }

  /** One glance, without watching. */
  async list(signal?: AbortSignal): Promise<string> {
    const list = await this.client.get(this.collection, {
      query: this.query,
      ...(signal !== undefined && { signal }),
    });
    const before = this.#objects.size;
    this.#objects.clear();
    const items = getList(list, "items");
    for (const item of items) this.#keep({ ...this.type, ...(item as KubeObject) });
    this.#listed = true;
    if (items.length > 0 || before > 0) this.#changed(signal);
    return getString(list, "metadata", "resourceVersion");
  }

  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const resourceVersion = await this.list(signal);
        this.onChange();
        await this.#watch(resourceVersion, signal);
      } catch {
        // The API server may be restarting; the wait has its own deadline.
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const query = { ...this.query, watch: "true", resourceVersion, allowWatchBookmarks: "true" };
    await this.client.watch(this.collection, { query, signal }, (type, object) => {
      if (type === "BOOKMARK") return;
      if (type === "ERROR") throw new Error("the watch is out of date");
      if (type === "DELETED") this.#objects.delete(getString(object, "metadata", "uid"));
      else this.#keep(object);
      this.#changed(signal);
      this.onChange();
    });
  }

  #keep(object: KubeObject): void {
    this.#objects.set(getString(object, "metadata", "uid"), object);
  }

  #changed(signal: AbortSignal | undefined): void {
    this.#settled = false;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      if (signal?.aborted === true) return;
      this.#settled = true;
      this.onChange();
    }, settleMs).unref();
  }
}
