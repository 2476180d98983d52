import type { Signature } from "../oracle/signature";
import type { HttpResponse } from "../wire/http-response";

/** The models that are served. */
export interface World {
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly models: readonly Signature[];
}

/** One well-framed HTTP request, and what its answer must be. */
export interface HttpCase {
  readonly kind: string;
  readonly method: string;
  /** The request line and the headers; `body` comes behind them. */
  readonly head: string;
  readonly body: Buffer;
  /** Sent when nothing else is under way: the server may end the connection at it. */
  readonly alone: boolean;
  /** So much that a server may end the connection before it has read it all: the answer may be lost on the way. */
  readonly mayBreak: boolean;
  /** What is wrong with an answer, undefined when nothing is. */
  check(response: HttpResponse): string | undefined;
  /** The same request with another body, where that is all that matters: for making a failing one smaller. */
  readonly withBody?: (body: Buffer) => HttpCase;
}

/** What a server reads and throws away at most of a body that is too large, so that its answer arrives. */
export const DISCARDED_BYTES = 1024 * 1024;

export interface RequestParts {
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly string[];
  readonly body: Buffer;
}

/** The request line and headers of a request whose framing is right. */
export function writeHead({ method = "POST", path, headers = [], body }: RequestParts): string {
  let head = `${method} ${path} HTTP/1.1\r\nHost: modelport\r\n`;
  for (const header of headers) head += `${header}\r\n`;
  if (body.length > 0 || method === "POST") head += `Content-Length: ${body.length}\r\n`;
  return `${head}\r\n`;
}
