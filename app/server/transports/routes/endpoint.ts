import type { IncomingHttpHeaders } from "node:http";
import type { RequestError } from "../../errors";
import type { RequestSpan } from "../../observability/tracer";

/** A request as a handler gets it: complete, its key checked. */
export interface Call {
  readonly headers: IncomingHttpHeaders;
  /** What follows the `?`; undefined without one. */
  readonly query: string | undefined;
  /** Empty when the request has none. */
  readonly body: Buffer;
  /** From the path, decoded. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  /** When requests are traced. */
  readonly span: RequestSpan | undefined;
}

/** An answer, as it goes out. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** More of them: name, value, name, value. */
  readonly headers?: readonly string[];
}

/** @throws RequestError (or rejects with one) when there is another answer than success. */
export type Handler = (call: Call) => Reply | Promise<Reply>;

/** Whose clients ask: how errors are told to them. */
export interface Protocol {
  readonly name: string;
  /** A JSON object. */
  errorBody(error: RequestError): string;
}

/** One path or family of paths; HEAD and OPTIONS follow from the handlers. */
export interface Endpoint {
  /** As in the OpenAPI document, such as `/v2/models/{model}/infer`. */
  readonly path: string;
  readonly protocol: Protocol;
  /** Answered without an API key, and not counted for the rate limit. */
  readonly open?: boolean;
  readonly GET?: Handler;
  readonly POST?: Handler;
}

/** What a path means. */
export interface Match {
  readonly protocol: Protocol;
  /** None: nothing is there. */
  readonly endpoint?: Endpoint | undefined;
  readonly model?: string;
  readonly version?: string;
}

export const JSON_TYPE = "application/json";

export function jsonReply(value: unknown, status = 200): Reply {
  return { status, type: JSON_TYPE, body: JSON.stringify(value) };
}
