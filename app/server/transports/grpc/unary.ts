import { randomUUID } from "node:crypto";
import { status, type handleUnaryCall, type Metadata, type ServerUnaryCall } from "@grpc/grpc-js";
import { RequestError } from "../../errors";
import type { Log } from "../../log";
import type { RequestSpan, Tracer } from "../../observability/tracer";
import type { Message } from "./messages";
import { isRequestError, serviceError } from "./status";

/** Who may ask how much; each throws a RequestError for who may not. */
export interface Access {
  readonly apiKeys?:
    | { check(authorization: string | undefined, apiKeyHeader: string | undefined): string }
    | undefined;
  readonly rateLimit?: { take(client: string): void } | undefined;
}

export interface UnaryOptions {
  readonly access: Access;
  readonly log: Log;
  readonly tracer?: Tracer | undefined;
}

/** A method: its messages, whether anybody may call it, and what it does. */
export interface Unary<Q extends object, A extends object> {
  readonly request: Message<Q>;
  readonly response: Message<A>;
  /** Default false: an API key is needed where there are keys, and the rate limit counts. */
  readonly open?: boolean;
  answer(request: Q, span: RequestSpan | undefined): A | Promise<A>;
}

/**
 * A method as the gRPC library calls it: access, decoding, errors, log and trace.
 * @param path such as `inference.GRPCInferenceService/ModelInfer`
 */
export function unary<Q extends object, A extends object>(
  path: string,
  method: Unary<Q, A>,
  { access, log, tracer }: UnaryOptions,
): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const began = performance.now();
    const { metadata } = call;
    const span = tracer?.startRpc(path, (name) => header(metadata, name));
    let client: string | undefined;

    const done = (code: status, requestId: string | undefined): void => {
      span?.end(code);
      if (log.level !== "debug") return;
      log.debug("request", {
        protocol: "grpc",
        method: path,
        status: status[code],
        seconds: (performance.now() - began) / 1000,
        requestId: requestId ?? requestIdOf(metadata),
        client,
        traceId: span?.traceId,
      });
    };
    const succeed = (answer: A): void => {
      callback(null, method.response.encode(answer));
      done(status.OK, undefined);
    };
    const fail = (error: unknown): void => {
      const requestId = requestIdOf(metadata);
      if (!isRequestError(error) || error.status === 500)
        log.error("request failed", {
          protocol: "grpc",
          method: path,
          error: String(error),
          requestId,
          traceId: span?.traceId,
        });
      const told = serviceError(error, requestId);
      callback(told);
      done(told.code, requestId);
    };

    try {
      if (method.open !== true) client = admit(call, access);
      const answer = method.answer(decode(method.request, call.request), span);
      if (answer instanceof Promise) answer.then(succeed).catch(fail);
      else succeed(answer);
    } catch (error) {
      fail(error);
    }
  };
}

/** @returns whom the rate limit counts: the key's name, else the address. */
function admit(call: ServerUnaryCall<Buffer, Buffer>, { apiKeys, rateLimit }: Access): string {
  const { metadata } = call;
  const name = apiKeys?.check(header(metadata, "authorization"), header(metadata, "x-api-key"));
  // Its port is another one at each connection.
  const client = name ?? call.getPeer().replace(/:[0-9]+$/, "");
  rateLimit?.take(client);
  return client;
}

function decode<T extends object>(message: Message<T>, bytes: Buffer): T {
  try {
    return message.decode(bytes);
  } catch (error) {
    throw new RequestError(400, `the message can't be decoded: ${(error as Error).message}`);
  }
}

function header(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return value === undefined ? undefined : String(value);
}

/** The caller's own, when it is fit for a log line; one of ours otherwise. */
function requestIdOf(metadata: Metadata): string {
  const own = header(metadata, "x-request-id");
  return own !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(own) ? own : randomUUID();
}
