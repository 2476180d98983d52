import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../log";
import type { Metrics } from "../observability/metrics";

export interface MetricsServerOptions {
  readonly metrics: Metrics;
  /** 0 takes any free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string | undefined;
  readonly log: Log;
  /** How long a client may take to send its request. Default 10 s. */
  readonly requestMs?: number;
}

export interface MetricsServer {
  readonly port: number;
  /** Stops listening and ends every connection; the last scrape is not waited for longer than a second. */
  close(): Promise<void>;
}

/** Whoever scrapes needs one connection; a few more for people who look. */
const MAX_CONNECTIONS = 64;
/** Longer than most wait between two scrapes: none meets a connection that is being closed. */
const KEEP_ALIVE_MS = 125_000;

/**
 * `GET /metrics` on a port of its own, which is not exposed outside the cluster. It is served while the server drains:
 * the last requests count, too.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { metrics, port, host, log, requestMs = 10_000 } = options;
  await metrics.collect();
  const server = createServer({
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1000, requestMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: 8192,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("request", ({ method, url }, response) => {
    const path = url?.split("?", 1)[0];
    if (path !== "/metrics") send(response, 404, "nothing here: /metrics\n");
    else if (method !== "GET" && method !== "HEAD")
      send(response, 405, `${method ?? ""} is not allowed here: GET, HEAD\n`, {
        allow: "GET, HEAD",
      });
    else
      metrics.render().then(
        (text) => send(response, 200, text, { "content-type": metrics.contentType }),
        (error: unknown) => {
          log.error("metrics could not be written", { error: String(error) });
          send(response, 500, "internal error\n");
        },
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const deadline = setTimeout(() => server.closeAllConnections(), 1000);
        server.close(() => {
          clearTimeout(deadline);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
