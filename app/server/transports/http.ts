import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { errorBody, RequestError } from "../errors";
import type { Log } from "../log";
import { declaresTooMuch, tooLarge } from "./body";
import type { Handler, Reply, Route } from "./routes";

export interface HttpOptions {
  readonly routes: ReadonlyMap<string, Route>;
  readonly maxBodyBytes: number;
  readonly log: Log;
  /** How long an idle connection is kept. Default 620 s: longer than any balancer's (Google's keeps them 600 s). */
  readonly keepAliveMs?: number;
  /** How long a client may take to send its headers, and its whole request. Default 10 s. */
  readonly requestMs?: number;
}

export interface HttpTransport {
  /** Resolves with the port once connections are accepted. */
  listen(port: number, host?: string): Promise<number>;
  /** From now on each answer ends its connection; new ones are still accepted. */
  drain(): void;
  /** Accepts nothing more; resolves when the requests in flight are answered, false when some had to be cut off. */
  close(): Promise<boolean>;
}

/** HTTP/1.1 around a table of routes: methods, limits, timeouts, errors. */
export function createHttpTransport(options: HttpOptions): HttpTransport {
  const { routes, log, maxBodyBytes, keepAliveMs = 620_000, requestMs = 10_000 } = options;
  const sockets = new Set<Socket>();
  let draining = false;

  const server = createServer({
    keepAliveTimeout: keepAliveMs,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1000, requestMs),
    noDelay: true,
  });

  const send = (request: IncomingMessage, response: ServerResponse, reply: Reply): void => {
    if (response.destroyed) return;
    if (draining) response.shouldKeepAlive = false;
    const { status, type, body, headers } = reply;
    if (status === 204) response.writeHead(status, headers);
    else {
      const length = Buffer.byteLength(body);
      response.writeHead(status, { "content-type": type, "content-length": length, ...headers });
    }
    response.end(body);
    if (log.level === "debug")
      log.debug("request", { method: request.method, url: request.url, status });
  };

  const fail = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
    if (!(error instanceof RequestError) || error.status === 500)
      log.error("request failed", { url: request.url, error: String(error) });
    const told = error instanceof RequestError ? error : new RequestError(500, "internal error");
    send(request, response, errorReply(told));
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    try {
      const reply = find(routes, request)(request);
      if (reply instanceof Promise)
        reply.then(
          (later) => send(request, response, later),
          (error: unknown) => fail(request, response, error),
        );
      else send(request, response, reply);
    } catch (error) {
      fail(request, response, error);
    }
  };

  server.on("request", answer);
  server.on("checkContinue", (request, response) => {
    if (declaresTooMuch(request, maxBodyBytes)) {
      send(request, response, errorReply(tooLarge(maxBodyBytes, { connection: "close" })));
      return;
    }
    response.writeContinue();
    answer(request, response);
  });
  server.on("clientError", refuse);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    drain: () => {
      draining = true;
    },
    close: () =>
      new Promise((resolve) => {
        draining = true;
        let complete = true;
        // A closing server no longer checks its clients' timeouts.
        const deadline = setTimeout(() => {
          complete = false;
          server.closeAllConnections();
        }, requestMs);
        server.close(() => {
          clearTimeout(deadline);
          resolve(complete);
        });
        // Connections opened ahead of need (browsers and balancers do) would be waited for.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }),
  };
}

function find(routes: ReadonlyMap<string, Route>, request: IncomingMessage): Handler {
  const { url = "/", method = "GET" } = request;
  const query = url.indexOf("?");
  const route = routes.get(query === -1 ? url : url.slice(0, query));
  if (route === undefined)
    throw new RequestError(404, `nothing here: ${[...routes.keys()].join(", ")}`);
  const handler =
    method === "POST" ? route.POST : method === "GET" || method === "HEAD" ? route.GET : undefined;
  if (handler !== undefined) return handler;
  const allow = [
    ...(route.GET ? ["GET", "HEAD"] : []),
    ...(route.POST ? ["POST"] : []),
    "OPTIONS",
  ].join(", ");
  if (method === "OPTIONS")
    return () => ({ status: 204, type: "application/json", body: "", headers: { allow } });
  throw new RequestError(405, `${method} is not allowed here: ${allow}`, undefined, { allow });
}

function errorReply(error: RequestError): Reply {
  return {
    status: error.status,
    type: "application/json",
    body: errorBody(error),
    headers: error.headers,
  };
}

/** What isn't HTTP, or came too slowly, never became a request: answered on the bare socket. */
function refuse(
  error: NodeJS.ErrnoException,
  socket: NodeJS.WritableStream & { destroy(): void },
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? [408, "the request took too long to arrive"]
      : error.code === "HPE_HEADER_OVERFLOW"
        ? [431, "the headers are too large"]
        : [400, "not a valid HTTP request"];
  const body = errorBody(new RequestError(status, message));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
