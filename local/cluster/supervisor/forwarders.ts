import type * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

interface Service {
  metadata: { namespace: string; name: string };
  spec: { ports?: { nodePort?: number; protocol?: string }[] };
}

interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: Service & { metadata: { resourceVersion: string } };
}

/** Listeners on 127.0.0.1, each passing connections on to the same service at the node's address. */
export class Forwarders {
  private readonly listeners = new Map<number, net.Server>();
  private readonly nodePorts = new Map<string, number[]>();
  private closed = false;

  constructor(
    private readonly nodeAddress: string,
    private readonly log: (line: string) => void,
  ) {}

  /** @throws when the port is taken */
  open(port: number, targetPort: number): Promise<void> {
    const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
      const outgoing = net.connect({
        host: this.nodeAddress,
        port: targetPort,
        allowHalfOpen: true,
        noDelay: true,
      });
      const drop = (): void => {
        incoming.destroy();
        outgoing.destroy();
      };
      incoming.on("error", drop).pipe(outgoing).on("error", drop).pipe(incoming);
    });
    this.listeners.set(port, listener);
    return new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, "127.0.0.1", () => resolve());
    });
  }

  /** Follows the cluster's Services: a NodePort answers on 127.0.0.1 for as long as it exists. */
  async followNodePorts(api: https.RequestOptions): Promise<void> {
    while (!this.closed) {
      try {
        const version = await this.list(api);
        await this.watch(api, version);
      } catch (error) {
        this.log(`services can't be watched: ${(error as Error).message}`);
      }
      await sleep(500);
    }
  }

  close(): void {
    this.closed = true;
    for (const listener of this.listeners.values()) listener.close();
  }

  private async list(api: https.RequestOptions): Promise<string> {
    const body = JSON.parse(await text(await request(api, "/api/v1/services"))) as {
      metadata: { resourceVersion: string };
      items: Service[];
    };
    const present = new Set(body.items.map(key));
    for (const gone of this.nodePorts.keys()) if (!present.has(gone)) this.set(gone, []);
    for (const service of body.items) this.set(key(service), portsOf(service));
    return body.metadata.resourceVersion;
  }

  private async watch(api: https.RequestOptions, version: string): Promise<void> {
    const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=3000&resourceVersion=${version}`;
    const response = await request(api, `/api/v1/services?${query}`);
    for await (const line of readline.createInterface({ input: response })) {
      const { type, object } = JSON.parse(line) as WatchEvent;
      if (type === "ERROR") return;
      if (type === "BOOKMARK") continue;
      this.set(key(object), type === "DELETED" ? [] : portsOf(object));
    }
  }

  private set(service: string, ports: number[]): void {
    const before = this.nodePorts.get(service) ?? [];
    if (ports.length === 0) this.nodePorts.delete(service);
    else this.nodePorts.set(service, ports);
    for (const port of before) {
      if (ports.includes(port)) continue;
      this.listeners.get(port)?.close();
      this.listeners.delete(port);
    }
    for (const port of ports) {
      if (before.includes(port)) continue;
      this.open(port, port).catch((error: unknown) => {
        this.listeners.delete(port);
        this.log(`NodePort ${port} of ${service} is not on 127.0.0.1: ${(error as Error).message}`);
      });
    }
  }
}

function key({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function portsOf({ spec }: Service): number[] {
  return (spec.ports ?? []).flatMap(({ nodePort, protocol }) =>
    nodePort !== undefined && protocol !== "UDP" ? [nodePort] : [],
  );
}

function request(api: https.RequestOptions, path: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    https
      .get({ ...api, path }, (response) => {
        if (response.statusCode === 200) resolve(response);
        else reject(new Error(`${path}: HTTP ${response.statusCode}`));
      })
      .once("error", reject);
  });
}

async function text(stream: http.IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of stream) body += String(chunk);
  return body;
}
