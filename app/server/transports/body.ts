import type { IncomingMessage } from "node:http";
import { RequestError } from "../errors";

/** How much of a body that is too large is read and thrown away, so that the client gets to see the answer. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/**
 * The request's body as text. Never settles when the client leaves before it is complete: there is nobody to answer.
 * @throws RequestError 413 above `maxBytes`, 415 for a compressed one.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      request.resume();
      reject(new RequestError(415, `Content-Encoding "${encoding}": send the body uncompressed`));
      return;
    }
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (bytes <= maxBytes + MAX_DISCARDED_BYTES) return;
      request.pause();
      reject(tooLarge(maxBytes, { connection: "close" }));
    });
    request.on("end", () => {
      const [first] = chunks;
      if (bytes > maxBytes) reject(tooLarge(maxBytes));
      else if (first === undefined) resolve("");
      else resolve((chunks.length === 1 ? first : Buffer.concat(chunks)).toString());
    });
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
