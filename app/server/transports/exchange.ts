import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { RequestError } from "../errors";
import type { Log } from "../log";
import type { RequestSpan, Tracer } from "../observability/tracer";
import type { ApiKeys } from "../protection/api-keys";
import type { RateLimit } from "../protection/rate-limit";
import { declaresTooMuch, readBody, tooLarge } from "./body";
import { LINGER_MS } from "./connection";
import {
  JSON_TYPE,
  type Call,
  type Endpoint,
  type Handler,
  type Match,
  type Reply,
} from "./routes/endpoint";
import type { Router } from "./routes";

/** What all exchanges of a server share. */
export interface Service {
  readonly routes: Router;
  readonly maxBodyBytes: number;
  readonly log: Log;
  readonly apiKeys: ApiKeys | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly tracer: Tracer | undefined;
  /** Answers end their connections. */
  draining: boolean;
}

/** Headers of one request. */
export const MAX_HEADERS = 100;

const NO_BODY = Buffer.alloc(0);
/** Begins the ids of this process; what follows is the number of the request. */
const idPrefix = randomBytes(4).toString("hex");
let requests = 0;

/** One request and its answer; handlers get it as it is, for one object less a request. */
export class Exchange implements Call {
  readonly headers: IncomingHttpHeaders;
  readonly query: string | undefined;
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly span: RequestSpan | undefined;
  body: Buffer = NO_BODY;
  private readonly method: string;
  private readonly path: string;
  private readonly match: Match;
  private readonly requestId: string;
  private readonly began: number;
  private client: string | undefined;

  constructor(
    private readonly service: Service,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** Too many connections: only what is always open is answered. */
    private readonly surplus: boolean,
  ) {
    const { url = "/", method = "GET", headers } = request;
    const mark = url.indexOf("?");
    this.method = method;
    this.path = mark === -1 ? url : url.slice(0, mark);
    this.query = mark === -1 ? undefined : url.slice(mark + 1);
    this.headers = headers;
    const match = service.routes.match(this.path);
    this.match = match;
    this.model = match.model;
    this.version = match.version;
    this.requestId = requestIdOf(headers["x-request-id"]);
    this.began = service.log.level === "debug" ? performance.now() : 0;
    this.span = service.tracer === undefined ? undefined : this.startSpan(service.tracer);
  }

  /** @param asksFirst the client waits for a word before it sends the body */
  start(asksFirst: boolean): void {
    try {
      const endpoint = this.admit();
      const handler = this.handlerOf(endpoint);
      if (this.method !== "POST") {
        this.handle(handler);
        return;
      }
      const { maxBodyBytes } = this.service;
      if (asksFirst) {
        if (declaresTooMuch(this.request, maxBodyBytes))
          throw tooLarge(maxBodyBytes, { connection: "close" });
        this.response.writeContinue();
      }
      readBody(this.request, maxBodyBytes, (error, body) => {
        this.body = body;
        if (error === undefined) this.handle(handler);
        else this.fail(error);
      });
    } catch (error) {
      // The body that nobody reads: a long one isn't worth the connection.
      if (declaresTooMuch(this.request, this.service.maxBodyBytes))
        this.response.shouldKeepAlive = false;
      this.fail(error);
    }
  }

  /** @throws RequestError when the request goes no further than its headers. */
  private admit(): Endpoint {
    const { request, headers, match, service } = this;
    const { endpoint } = match;
    if (request.rawHeaders.length > 2 * MAX_HEADERS)
      throw new RequestError(431, `at most ${MAX_HEADERS} headers`, undefined, CLOSE);
    // Node reads nothing more after it, whether it was asked to switch or not.
    if (headers.upgrade !== undefined) this.response.shouldKeepAlive = false;
    if (headers.host === undefined && request.httpVersionMinor > 0)
      throw new RequestError(400, "the Host header is missing", undefined, CLOSE);
    if (endpoint === undefined)
      throw new RequestError(404, `nothing here: ${service.routes.paths.join(", ")}`);
    this.span?.route(endpoint.path);
    if (endpoint.open === true) return endpoint;
    if (this.surplus) throw new RequestError(503, "too many connections", undefined, BUSY);
    if (this.method === "OPTIONS") return endpoint;
    if (service.apiKeys !== undefined) {
      const key = headers["x-api-key"];
      const own = Array.isArray(key) ? key[0] : key;
      this.client = service.apiKeys.check(headers.authorization, own);
    }
    service.rateLimit?.take(this.client ?? request.socket.remoteAddress ?? "");
    return endpoint;
  }

  private handlerOf(endpoint: Endpoint): Handler {
    const { method } = this;
    const handler =
      method === "POST"
        ? endpoint.POST
        : method === "GET" || method === "HEAD"
          ? endpoint.GET
          : undefined;
    if (handler !== undefined) return handler;
    const allow = [
      ...(endpoint.GET ? ["GET", "HEAD"] : []),
      ...(endpoint.POST ? ["POST"] : []),
      "OPTIONS",
    ].join(", ");
    if (method === "OPTIONS")
      return () => ({ status: 204, type: JSON_TYPE, body: "", headers: ["allow", allow] });
    throw new RequestError(405, `${method} is not allowed here: ${allow}`, undefined, { allow });
  }

  private handle(handler: Handler): void {
    try {
      const reply = handler(this);
      if (reply instanceof Promise)
        reply.then(
          (later) => this.send(later),
          (error: unknown) => this.fail(error),
        );
      else this.send(reply);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Answers with `error`. */
  fail(error: unknown): void {
    const { path, requestId } = this;
    if (!(error instanceof RequestError) || error.status === 500)
      this.service.log.error("request failed", { path, requestId, error: String(error) });
    const told = error instanceof RequestError ? error : new RequestError(500, "internal error");
    if (told.headers["connection"] === "close") this.response.shouldKeepAlive = false;
    this.send({
      status: told.status,
      type: JSON_TYPE,
      body: this.match.protocol.errorBody(told),
      headers: Object.entries(told.headers).flat(),
    });
  }

  private send(reply: Reply): void {
    const { response, service } = this;
    const { status, type, body, headers: more } = reply;
    if (!response.destroyed) {
      if (service.draining) response.shouldKeepAlive = false;
      const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
      const headers =
        status === 204
          ? ["x-request-id", this.requestId]
          : [
              "x-request-id",
              this.requestId,
              "content-type",
              type,
              "content-length",
              String(length),
            ];
      if (more !== undefined) for (const part of more) headers.push(part);
      response.writeHead(status, headers);
      if (response.shouldKeepAlive || this.request.complete) response.end(body);
      else endAfterRequest(this.request, response, body);
      this.span?.end(status);
    }
    if (service.log.level === "debug") this.logRequest(status);
  }

  private logRequest(status: number): void {
    const { method, path, requestId, client, span } = this;
    this.service.log.debug("request", {
      protocol: "http",
      method,
      path,
      status,
      seconds: (performance.now() - this.began) / 1000,
      requestId,
      ...(client === undefined ? {} : { client }),
      ...(span === undefined ? {} : { traceId: span.traceId }),
    });
  }

  private startSpan(tracer: Tracer): RequestSpan {
    const { headers } = this;
    const span = tracer.startHttp(this.method, this.path, (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    });
    // A client that leaves before its answer: what other servers call 499.
    this.response.once("close", () => {
      if (!this.response.writableEnded) span.end(499);
    });
    return span;
  }
}

/**
 * The whole answer now, the connection's end when the client has sent what nobody wants, or soon. Closing while it still sends would take
 * back, by a reset, what it has not read yet, answers before this one included (RFC 9112, 9.6).
 */
function endAfterRequest(
  request: IncomingMessage,
  response: ServerResponse,
  body: string | Buffer,
): void {
  response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MS);
  request.once("close", () => {
    clearTimeout(timer);
    response.end();
  });
  request.resume();
}

const CLOSE = { connection: "close" };
const BUSY = { connection: "close", "retry-after": "1" };

/** The caller's own, when it is fit for a log; else one that no other request has. */
function requestIdOf(given: string | string[] | undefined): string {
  if (typeof given === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(given)) return given;
  return `${idPrefix}-${(requests++).toString(36)}`;
}
