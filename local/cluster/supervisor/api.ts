import type * as http from "node:http";
import * as https from "node:https";
import * as readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export interface WatchedObject {
  readonly metadata: { readonly namespace: string; readonly name: string };
}

/** @param key `<namespace>/<name>` @param object undefined once it is deleted */
export type OnChange<T> = (key: string, object: T | undefined) => Promise<void>;

interface WatchEvent<T> {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: T;
}

interface List<T> {
  metadata: { resourceVersion: string };
  items: T[];
}

const AFTER_FAILURE_MS = 500;

/** The cluster's API server, asked as its administrator. */
export class Api {
  private closed = false;

  /** @param server host, port and identity */
  constructor(
    private readonly server: https.RequestOptions,
    private readonly log: (line: string) => void,
  ) {}

  /** Sends a new object, or a merge patch. @throws Error with what the API server said */
  async send(method: "POST" | "PATCH", path: string, body: object): Promise<void> {
    const contentType = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    (await this.request(method, path, JSON.stringify(body), contentType)).resume();
  }

  /**
   * Tells every object of a kind, then every change of one, each after the one before it was dealt with.
   * Goes on until closed; begins anew when the API server ends it.
   * @param collection e.g. `/api/v1/services`
   * @param onList told all that there are, before each of them
   */
  async follow<T extends WatchedObject>(
    collection: string,
    onChange: OnChange<T>,
    onList: (objects: readonly T[]) => void = () => undefined,
  ): Promise<void> {
    const present = new Set<string>();
    const tell: OnChange<T> = (key, object) => {
      if (object === undefined) present.delete(key);
      else present.add(key);
      return onChange(key, object);
    };
    while (!this.closed) {
      try {
        const list = JSON.parse(await text(await this.request("GET", collection))) as List<T>;
        const listed = new Set(list.items.map(keyOf));
        onList(list.items);
        for (const key of present) if (!listed.has(key)) await tell(key, undefined);
        for (const object of list.items) await tell(keyOf(object), object);
        await this.watch(collection, list.metadata.resourceVersion, tell);
      } catch (error) {
        this.complain(collection, error as Error);
      }
      await sleep(AFTER_FAILURE_MS);
    }
  }

  close(): void {
    this.closed = true;
  }

  /** The API server ends before this does. */
  private complain(collection: string, { message }: Error): void {
    if (!this.closed) this.log(`${collection} can't be watched: ${message}`);
  }

  private async watch<T extends WatchedObject>(
    collection: string,
    version: string,
    tell: OnChange<T>,
  ): Promise<void> {
    const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=3000&resourceVersion=${version}`;
    const response = await this.request("GET", `${collection}?${query}`);
    for await (const line of readline.createInterface({ input: response })) {
      const { type, object } = JSON.parse(line) as WatchEvent<T>;
      if (type === "ERROR") return;
      if (type !== "BOOKMARK") await tell(keyOf(object), type === "DELETED" ? undefined : object);
    }
  }

  private request(
    method: string,
    path: string,
    body?: string,
    contentType = "application/json",
  ): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": contentType };
      const request = https.request({ ...this.server, method, path, headers }, (response) => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve(response);
        else
          text(response).then(
            (said) =>
              reject(new Error(`${method} ${path}: HTTP ${statusCode}: ${said.slice(0, 300)}`)),
            reject,
          );
      });
      request.once("error", reject).end(body);
    });
  }
}

const keyOf = ({ metadata }: WatchedObject): string => `${metadata.namespace}/${metadata.name}`;

async function text(stream: http.IncomingMessage): Promise<string> {
  let body = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) body += String(chunk);
  return body;
}
