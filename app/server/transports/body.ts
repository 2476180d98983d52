import type { IncomingMessage } from "node:http";
import { gunzip, inflate } from "node:zlib";
import { quote } from "../codec/faults";
import { RequestError } from "../errors";

/** How much of a body that is too large is read and thrown away, so that the client gets to see the answer. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

const EMPTY = Buffer.alloc(0);

const decoders: ReadonlyMap<string, typeof gunzip> = new Map([
  ["gzip", gunzip],
  ["deflate", inflate],
]);

/** Called once: with the body, or with what is wrong with it. */
export type BodyReader = (error: RequestError | undefined, body: Buffer) => void;

/**
 * Reads the request's body, decompressed. Never calls back when the client leaves before it is complete: there is nobody
 * to answer. What is wrong is a RequestError: 413 above `maxBytes`, sent or decompressed; 415 for an encoding that is
 * neither gzip nor deflate; 400 for data that aren't what their encoding says.
 */
export function readBody(request: IncomingMessage, maxBytes: number, done: BodyReader): void {
  const encoding = request.headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") {
    collect(request, maxBytes, done);
    return;
  }
  const decoder = decoders.get(encoding.toLowerCase());
  if (decoder === undefined) {
    request.resume();
    const message = `Content-Encoding ${quote(encoding)}: gzip, deflate or none is needed`;
    done(new RequestError(415, message, undefined, { "accept-encoding": "gzip, deflate" }), EMPTY);
    return;
  }
  collect(request, maxBytes, (error, body) => {
    if (error !== undefined) {
      done(error, EMPTY);
      return;
    }
    decoder(body, { maxOutputLength: maxBytes }, (fault, decoded) => {
      if (fault === null) done(undefined, decoded);
      else if ((fault as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
        done(tooLarge(maxBytes), EMPTY);
      else done(new RequestError(400, `the body is not ${encoding}: ${fault.message}`), EMPTY);
    });
  });
}

function collect(request: IncomingMessage, maxBytes: number, done: BodyReader): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let bytes = 0;
  let refused = false;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) {
      if (first === undefined) first = chunk;
      else (more ??= [first]).push(chunk);
      return;
    }
    first = more = undefined;
    if (refused || bytes <= maxBytes + MAX_DISCARDED_BYTES) return;
    refused = true;
    done(tooLarge(maxBytes, { connection: "close" }), EMPTY);
  });
  request.on("end", () => {
    if (refused) return;
    if (bytes > maxBytes) done(tooLarge(maxBytes), EMPTY);
    else done(undefined, more === undefined ? (first ?? EMPTY) : Buffer.concat(more));
  });
}

/** Whether the request declares more than `maxBytes`: refused before a client that asks is told to go on. */
export function declaresTooMuch(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers["content-length"] ?? 0) > maxBytes;
}

export function tooLarge(
  maxBytes: number,
  headers?: Readonly<Record<string, string>>,
): RequestError {
  return new RequestError(413, `the body may have at most ${maxBytes} bytes`, undefined, headers);
}
