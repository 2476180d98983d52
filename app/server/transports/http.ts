import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import { errorBody, RequestError } from "../errors";
import type { Log } from "../log";
import type { Tracer } from "../observability/tracer";
import type { ApiKeys } from "../protection/api-keys";
import type { RateLimit } from "../protection/rate-limit";
import { Connection, LINGER_MS } from "./connection";
import { Exchange, MAX_HEADERS, type Service } from "./exchange";
import type { Router } from "./routes";

export interface HttpOptions {
  readonly routes: Router;
  readonly log: Log;
  /** Bytes of a request's body, as sent and when decompressed. */
  readonly maxBodyBytes: number;
  /** Connections at once; some more are accepted to be told so, and for probes. Default 4096. */
  readonly maxConnections?: number;
  /** How long an idle connection is kept. Default 620 s: longer than any balancer's (Google's keeps them 600 s). */
  readonly keepAliveMs?: number;
  /** How long a client may take to send its headers, and its whole request. Default 10 s. */
  readonly requestMs?: number;
  /** Without them, nobody needs a key. */
  readonly apiKeys?: ApiKeys | undefined;
  readonly rateLimit?: RateLimit | undefined;
  /** Without one, requests aren't traced. */
  readonly tracer?: Tracer | undefined;
}

export interface HttpTransport {
  /** Resolves with the port once connections are accepted. */
  listen(port: number, host?: string): Promise<number>;
  /** From now on each answer ends its connection; new ones are still accepted. */
  drain(): void;
  /** Accepts nothing more; resolves when the requests in flight are answered, false when some had to be cut off. */
  close(): Promise<boolean>;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** Connections beyond the limit that are still answered. */
const SURPLUS = 256;

/** How long an answer may wait to be read, in times that a request may take to arrive. */
const STALLED_REQUESTS = 6;

/** Closing looks so often whether all answers are read. */
const UNREAD_MS = 20;

/** HTTP/1.1 around a table of routes: methods, limits, timeouts, errors. */
export function createHttpTransport(options: HttpOptions): HttpTransport {
  const { routes, log, maxBodyBytes, apiKeys, rateLimit, tracer } = options;
  const { maxConnections = 4096, keepAliveMs = 620_000, requestMs = 10_000 } = options;
  const connections = new Map<Socket, Connection>();
  const service: Service = {
    ...{ routes, log, maxBodyBytes, apiKeys, rateLimit, tracer },
    draining: false,
  };

  const server = createServer({
    keepAliveTimeout: keepAliveMs,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1000, requestMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    // Told in the protocol's own words, like any other fault.
    requireHostHeader: false,
    noDelay: true,
  });
  // Node drops what is beyond its limit without a word: one more than ours shows that there were too many.
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.maxConnections = maxConnections + SURPLUS;

  const begin = (
    request: IncomingMessage,
    response: ServerResponse,
    then: (exchange: Exchange) => void,
  ): void => {
    const { socket } = request;
    const connection = connections.get(socket);
    // The rest of a packet is still read when its connection is gone already.
    if (connection === undefined || socket.destroyed) return;
    if (connection.add(response))
      then(new Exchange(service, request, response, connection.surplus));
    else socket.destroy();
  };
  const refuseInTurn = (socket: Socket, code?: string): void => {
    const connection = connections.get(socket);
    if (connection === undefined || code === "ECONNRESET") socket.destroy();
    // Each further packet of what is no HTTP is told again: passed over, until the answers before it are read.
    else if (connection.refuse()) connection.whenAnswered(() => refuse(socket, code));
  };
  server.on("request", (request, response) => {
    begin(request, response, start);
  });
  server.on("checkContinue", (request, response) => {
    begin(request, response, (exchange) => exchange.start(true));
  });
  server.on("checkExpectation", (request, response) => {
    begin(request, response, (exchange) => exchange.fail(UNEXPECTED));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    refuseInTurn(socket, error.code);
  });
  server.on("connect", (_, socket: Socket) => {
    refuseInTurn(socket, "CONNECT");
  });
  server.on("connection", (socket) => {
    connections.set(socket, new Connection(connections.size >= maxConnections));
    // Node takes its own listener away when what it reads is no HTTP; answers may still be written then, to a client that left.
    socket.on("error", () => socket.destroy());
    socket.once("close", () => connections.delete(socket));
  });

  // A client that doesn't read its answers. Node's own timeout would cost every request a timer.
  const watch = setInterval(() => {
    for (const [socket, connection] of connections)
      if (connection.isStalled(socket.writableLength)) socket.destroy();
  }, STALLED_REQUESTS * requestMs);
  watch.unref();

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
      service.draining = true;
    },
    close: () =>
      new Promise((resolve) => {
        service.draining = true;
        let complete = true;
        // A closing server no longer checks its clients' timeouts.
        const deadline = setTimeout(() => {
          complete = false;
          server.closeAllConnections();
        }, requestMs);
        // Ends listening; the HTTP server's own close would end idle connections as well, at once.
        NetServer.prototype.close.call(server, () => {
          clearInterval(watch);
          clearTimeout(deadline);
          resolve(complete);
        });
        // One whose last answer is still being read counts as idle, and would lose the rest of it.
        const endIdle = (): void => {
          const unread = [...connections.keys()].some((socket) => socket.writableLength > 0);
          if (unread) setTimeout(endIdle, UNREAD_MS);
          else server.close();
        };
        endIdle();
        // Connections opened ahead of need (browsers and balancers do) would be waited for.
        for (const socket of connections.keys()) if (socket.bytesRead === 0) socket.destroy();
      }),
  };
}

function start(exchange: Exchange): void {
  exchange.start(false);
}

const REFUSALS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request took too long to arrive"],
  HPE_HEADER_OVERFLOW: [431, "the headers are too large"],
  CONNECT: [405, "CONNECT is not allowed here"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "the chunks' extensions are too large"],
};

const UNEXPECTED = new RequestError(417, "Expect: 100-continue is all that is met", undefined, {
  connection: "close",
});

/** What isn't HTTP, or came too slowly, never became a request: answered on the bare socket. */
function refuse(socket: Socket, code = ""): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = REFUSALS[code] ?? [400, "not a valid HTTP request"];
  const body = errorBody(new RequestError(status, message));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // Closing while the client still sends would take back, by a reset, what it has not read yet (RFC 9112, 9.6).
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
