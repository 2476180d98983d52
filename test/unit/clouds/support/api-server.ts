import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import type * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { stringify } from "yaml";
import { Authority } from "../../../support/clouds/certificates";
import { child, isValues, text, type Values } from "../../../support/clouds/values";

/** What of Kubernetes' API the clouds use, in memory: objects by their path. */
export class ApiServer {
  readonly objects = new Map<string, Values>();
  private tokens = 0;

  private constructor(
    private readonly server: https.Server,
    /** Path of an administrator's. */
    readonly kubeconfig: string,
  ) {}

  static async start(folder: string): Promise<ApiServer> {
    const authority = Authority.load(folder);
    const { certificate: cert, key } = authority.issue(["127.0.0.1"]);
    const server = https.createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const base64 = (pem: string) => Buffer.from(pem).toString("base64");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cluster = {
      server: url,
      "certificate-authority-data": base64(authority.certificate),
    };
    const user = { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
    const kubeconfig = path.join(folder, "kubeconfig");
    fs.writeFileSync(
      kubeconfig,
      stringify({ clusters: [{ name: "c", cluster }], users: [{ name: "u", user }] }),
    );
    const api = new ApiServer(server, kubeconfig);
    server.on("request", (request, response) => void api.answer(request, response));
    api.put("/api/v1/namespaces/kube-system", {});
    return api;
  }

  /** Makes an object as somebody with kubectl would. */
  put(at: string, object: Values): void {
    const [namespace] = /(?<=\/namespaces\/)[^/]+(?=\/)/.exec(at) ?? [];
    const metadata = {
      name: at.split("/").at(-1),
      uid: randomUUID(),
      ...(namespace === undefined ? {} : { namespace }),
      ...child(object, "metadata"),
    };
    this.objects.set(at, { ...object, metadata });
  }

  /** Deletes one; finalizers hold it. */
  delete(at: string): void {
    const object = this.objects.get(at);
    const { finalizers } = child(object ?? {}, "metadata");
    if (object === undefined || !Array.isArray(finalizers) || finalizers.length === 0) {
      for (const other of this.objects.keys())
        if (other === at || other.startsWith(`${at}/`)) this.objects.delete(other);
    } else
      this.objects.set(
        at,
        merged(object, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
      );
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse) {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const parsed: unknown = body === "" ? {} : JSON.parse(body);
    const at = (request.url ?? "").replace(/\?.*/, "");
    const result = this.handle(request.method ?? "", at, isValues(parsed) ? parsed : {});
    response.writeHead(result === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(result ?? { kind: "Status", message: "not found", code: 404 }));
  }

  private handle(method: string, at: string, body: Values): Values | undefined {
    const status = at.endsWith("/status");
    const own = at.replace(/\/status$/, "");
    switch (method) {
      case "GET":
        return this.objects.get(at) ?? this.list(at);
      case "POST":
        if (at.endsWith("/token")) return { status: { token: `token-${++this.tokens}` } };
        return this.made(`${at}/${text(child(body, "metadata"), "name")}`, body);
      case "PATCH": {
        const before = this.objects.get(own);
        if (before === undefined) return status ? undefined : this.made(own, established(body));
        this.objects.set(own, merged(before, body));
        const after = this.objects.get(own) ?? {};
        const metadata = child(after, "metadata");
        if (text(metadata, "deletionTimestamp") !== "") {
          const { finalizers } = metadata;
          if (!Array.isArray(finalizers) || finalizers.length === 0) this.objects.delete(own);
        }
        return after;
      }
      case "DELETE": {
        const found = this.objects.get(at);
        this.delete(at);
        return found;
      }
      default:
        return undefined;
    }
  }

  private made(at: string, object: Values): Values {
    this.put(at, object);
    return this.objects.get(at) ?? {};
  }

  /** Of a namespace, or of all. */
  private list(at: string): Values {
    const [plural = ""] = at.split("/").slice(-1);
    const group = at.slice(0, -plural.length - 1).replace(/\/namespaces\/[^/]+$/, "");
    const [, namespace = "[^/]+"] = /\/namespaces\/([^/]+)\/[^/]+$/.exec(at) ?? [];
    const pattern = new RegExp(`^${group}(?:/namespaces/${namespace})?/${plural}/[^/]+$`);
    const items = [...this.objects].flatMap(([key, object]) => (pattern.test(key) ? [object] : []));
    return { items, metadata: { resourceVersion: "1" } };
  }
}

/** A merge patch: RFC 7396. */
function merged(before: Values, patch: Values): Values {
  const after = { ...before };
  for (const [key, value] of Object.entries(patch))
    after[key] = isValues(value) ? merged(child(before, key), value) : value;
  return after;
}

const established = (object: Values): Values =>
  object["kind"] === "CustomResourceDefinition"
    ? { ...object, status: { conditions: [{ type: "Established", status: "True" }] } }
    : object;
