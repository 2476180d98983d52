import * as fs from "node:fs";
import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import * as readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { z } from "zod";
import { child, children, isValues, text, type Values } from "./values";

const kubeconfig = z.object({
  clusters: z.tuple([
    z.object({
      cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }),
    }),
  ]),
  users: z.tuple([
    z.object({
      user: z.object({ "client-certificate-data": z.string(), "client-key-data": z.string() }),
    }),
  ]),
});

export interface KubernetesEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Values;
}

/** An answer of the API server that is no success. */
export class KubernetesError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const RETRY_MS = 500;

/** The embedded cluster as its administrator sees it: what a cloud needs of the cluster that it hands out. */
export class Kubernetes {
  /** URL of the API server. */
  readonly server: URL;
  /** Base64 of PEM, as kubeconfigs have it. */
  readonly certificateAuthority: string;
  /** Base64 of PEM. */
  readonly admin: { readonly certificate: string; readonly key: string };
  private readonly agent: https.Agent;

  /** @param file a kubeconfig with one cluster and one user, who has a client certificate */
  constructor(file: string) {
    const { clusters, users } = kubeconfig.parse(parse(fs.readFileSync(file, "utf8")));
    const { server, "certificate-authority-data": authority } = clusters[0].cluster;
    const { "client-certificate-data": certificate, "client-key-data": key } = users[0].user;
    this.server = new URL(server);
    this.certificateAuthority = authority;
    this.admin = { certificate, key };
    const pem = (data: string) => Buffer.from(data, "base64").toString();
    this.agent = new https.Agent({
      ca: pem(authority),
      cert: pem(certificate),
      key: pem(key),
      keepAlive: true,
    });
  }

  /** @throws KubernetesError */
  get(path: string): Promise<Values> {
    return this.request("GET", path);
  }

  /** @returns undefined where there is none. @throws KubernetesError */
  async find(path: string): Promise<Values | undefined> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(path: string): Promise<Values[]> {
    return children(await this.get(path), "items");
  }

  create(path: string, body: Values): Promise<Values> {
    return this.request("POST", path, body);
  }

  /** Creates an object, or makes it what is given: server-side apply. */
  apply(path: string, body: Values): Promise<Values> {
    return this.request(
      "PATCH",
      `${path}?fieldManager=cloud&force=true`,
      body,
      "application/apply-patch+yaml",
    );
  }

  /** A merge patch (RFC 7396). */
  patch(path: string, body: Values): Promise<Values> {
    return this.request("PATCH", path, body, "application/merge-patch+json");
  }

  /** What isn't there needs no deletion. */
  async remove(path: string): Promise<void> {
    try {
      await this.request("DELETE", path);
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
    }
  }

  /** Tells of every object there is, then of every change, until the signal; connections that break are taken up again. */
  async follow(
    path: string,
    tell: (event: KubernetesEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let known = new Map<string, Values>();
    while (!signal.aborted) {
      try {
        const { items, version } = await this.versioned(path);
        const present = new Map(items.map((item) => [uidOf(item), item]));
        for (const [uid, object] of known)
          if (!present.has(uid)) await tell({ type: "DELETED", object });
        for (const object of items) await tell({ type: "ADDED", object });
        known = present;
        await this.watch(path, version, tell, known, signal);
      } catch {
        await sleep(RETRY_MS);
      }
    }
  }

  private async versioned(path: string): Promise<{ items: Values[]; version: string }> {
    const list = await this.get(path);
    return {
      items: children(list, "items"),
      version: text(child(list, "metadata"), "resourceVersion"),
    };
  }

  private async watch(
    path: string,
    version: string,
    tell: (event: KubernetesEvent) => Promise<void>,
    known: Map<string, Values>,
    signal: AbortSignal,
  ): Promise<void> {
    const query = `watch=true&resourceVersion=${version}&timeoutSeconds=3000`;
    const response = await this.open("GET", `${path}?${query}`, undefined, undefined, signal);
    for await (const line of readline.createInterface({ input: response })) {
      const event: unknown = JSON.parse(line);
      if (!isValues(event)) continue;
      const { type } = event;
      const object = child(event, "object");
      if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return;
      if (type === "DELETED") known.delete(uidOf(object));
      else known.set(uidOf(object), object);
      await tell({ type, object });
    }
  }

  private async request(
    method: string,
    path: string,
    body?: Values,
    contentType?: string,
  ): Promise<Values> {
    const response = await this.open(method, path, body, contentType);
    let answer = "";
    for await (const chunk of response) answer += String(chunk);
    const parsed: unknown = answer.startsWith("{") ? JSON.parse(answer) : {};
    const values = isValues(parsed) ? parsed : {};
    const { statusCode: status = 0 } = response;
    if (status < 400) return values;
    throw new KubernetesError(status, `${method} ${path}: ${text(values, "message") || answer}`);
  }

  private open(
    method: string,
    path: string,
    body?: Values,
    contentType = "application/json",
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = https.request(
        new URL(path, this.server),
        {
          method,
          agent: this.agent,
          ...(signal === undefined ? {} : { signal }),
          headers: {
            accept: "application/json",
            ...(body === undefined ? {} : { "content-type": contentType }),
          },
        },
        (response) => {
          response.once("error", reject);
          resolve(response);
        },
      );
      request.once("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

const uidOf = (object: Values) => text(child(object, "metadata"), "uid");
