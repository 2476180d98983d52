import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { TestCertificate } from "../../../support/certificate";

export interface Seen {
  readonly url: string;
  readonly host: string | undefined;
  /** Asked for in the TLS handshake. */
  readonly servername: string | false | undefined;
  readonly body: string;
}

export interface TestServer {
  readonly port: number;
  readonly seen: Seen[];
  close(): void;
}

export type Answer = (request: Seen, count: number) => readonly [status: number, body: unknown];

/** A balancer, router or API server on this machine; with a certificate it speaks TLS. */
export async function serve(answer: Answer, certificate?: TestCertificate): Promise<TestServer> {
  const seen: Seen[] = [];
  const listener: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const socket = request.socket as { servername?: string | false };
      const one = {
        url: request.url ?? "",
        host: request.headers.host,
        servername: socket.servername,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      const [status, body] = answer(one, seen.length);
      response.writeHead(status, { connection: "close" }).end(JSON.stringify(body));
    });
  };
  const server =
    certificate === undefined
      ? http.createServer(listener)
      : https.createServer({ cert: certificate.certificate, key: certificate.key }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** For an API server without TLS at that port. */
export const kubeconfig = (port: number): string =>
  JSON.stringify({
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    users: [{ name: "u", user: { token: "t" } }],
  });

/** Nothing listens there. */
export const CLOSED_PORT = 64_999;
