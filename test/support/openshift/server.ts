import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestCertificate } from "../certificate";
import type { Admission, AdmissionRequest } from "./admission/review";

export interface ServerOptions {
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  readonly certificate: TestCertificate;
  readonly log: (line: string) => void;
}

/** What the API server and the builds' pods ask of this process. */
export interface Handlers {
  admission?: Admission;
  /** @returns whether there is such a log */
  serveLog?: (name: string, response: import("node:http").ServerResponse) => boolean;
}

export const LOGS = "/logs";

export interface Server {
  readonly url: string;
  readonly handlers: Handlers;
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { address, port, certificate, log } = options;
  const handlers: Handlers = {};
  const server = https.createServer(
    { cert: certificate.certificate, key: certificate.key },
    (request, response) => {
      const { pathname } = new URL(request.url ?? "/", "https://server");
      if (pathname.startsWith(`${LOGS}/`)) {
        const found = handlers.serveLog?.(pathname.slice(LOGS.length + 1), response) ?? false;
        if (!found) response.writeHead(404).end();
        return;
      }
      review(handlers, pathname, request)
        .then((answer) => {
          if (answer === undefined) response.writeHead(404).end();
          else response.writeHead(200, { "content-type": "application/json" }).end(answer);
        })
        .catch((error: unknown) => {
          log(`${pathname}: ${String(error)}`);
          response.writeHead(500).end(String(error));
        });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => resolve());
  });
  const listening = server.address() as AddressInfo;
  return {
    url: `https://${address}:${listening.port}`,
    handlers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function review(
  { admission }: Handlers,
  pathname: string,
  body: NodeJS.ReadableStream,
): Promise<string | undefined> {
  const { request } = JSON.parse(await text(body)) as { request: AdmissionRequest };
  const response = await admission?.review(pathname, request);
  if (response === undefined) return undefined;
  const kind = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
  return JSON.stringify({ ...kind, response });
}
