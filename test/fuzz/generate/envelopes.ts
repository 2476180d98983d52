import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { Judgement } from "../oracle/judgement";
import type { Random } from "../random";
import { mutateBytes } from "./byte-mutations";
import { doubtful } from "./http-case";

/** A body as it is sent, the headers that say so, and what that makes of what it deserves. */
export interface Envelope {
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly judgement: Judgement;
}

const MANY = Buffer.alloc(8 * 1024 * 1024, " ");
/** Small when sent, far too much when unpacked. */
const BOMBS: readonly (readonly [encoding: string, body: Buffer])[] = [
  ["gzip", gzipSync(MANY)],
  ["deflate", deflateSync(MANY)],
  ["gzip", gzipSync(Buffer.alloc(70_000, "[1,"))],
  ["gzip", gzipSync(gzipSync(MANY))],
];

/** One that is cut may have unpacked to too much before its end is missed. */
const BROKEN: Judgement = { verdict: "invalid", statuses: [400, 413, 415] };

/** A compressed body: right, or with one of the faults that compression can have. */
export function compress(body: Buffer, judgement: Judgement, random: Random): Envelope {
  return random.weighted<() => Envelope>([
    [4, () => envelope("gzip", gzipSync(body), judgement)],
    [3, () => envelope("deflate", deflateSync(body), judgement)],
    [1, () => envelope("x-gzip", gzipSync(body), doubtful(judgement))],
    [1, () => envelope("GZIP", gzipSync(body), doubtful(judgement))],
    [1, () => envelope("br", brotliCompressSync(body), doubtful(judgement))],
    [1, () => envelope("deflate", deflateRawSync(body), doubtful(judgement))],
    [1, () => envelope("identity", body, judgement)],
    [1, () => envelope("gzip, gzip", gzipSync(gzipSync(body)), doubtful(judgement))],
    [1, () => envelope("gzip", Buffer.concat([gzipSync(body), body]), doubtful(judgement))],
    [1, () => envelope("", body, doubtful(judgement))],
    [4, () => envelope("gzip", cut(gzipSync(body), random), BROKEN)],
    [2, () => envelope("deflate", cut(deflateSync(body), random), BROKEN)],
    [4, () => corrupt(body, judgement, random)],
    [3, () => envelope("gzip", random.bytes(random.int(0, 100)), BROKEN)],
    [2, () => envelope(random.pick(["gzip", "deflate"]), body, BROKEN)],
    [2, () => envelope(random.pick(["zstd", "rot13", "gzip;q=1", "*", "null"]), body, BROKEN)],
    [1, () => bomb(random)],
  ])();
}

function envelope(encoding: string, body: Buffer, judgement: Judgement): Envelope {
  return { headers: [`Content-Encoding: ${encoding}`], body, judgement };
}

function cut(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.int(0, bytes.length - 1));
}

/** The checksum mostly finds it; a flipped bit of the header's time or name changes nothing. */
function corrupt(body: Buffer, judgement: Judgement, random: Random): Envelope {
  const statuses = [400, 413, 415];
  return envelope("gzip", mutateBytes(gzipSync(body), random), doubtful(judgement, statuses));
}

function bomb(random: Random): Envelope {
  const [encoding, body] = random.pick(BOMBS);
  return envelope(encoding, body, { verdict: "invalid", statuses: [400, 413, 415] });
}

/** Headers that must not matter, and some that may. */
export function oddHeaders(body: Buffer, judgement: Judgement, random: Random): Envelope {
  const harmless = (...headers: string[]): Envelope => ({ headers, body, judgement });
  const odd = (statuses: readonly number[], ...headers: string[]): Envelope => ({
    headers,
    body,
    judgement: doubtful(judgement, statuses),
  });
  const json = "Content-Type: application/json";
  return random.weighted<() => Envelope>([
    [2, () => harmless("Content-Type: application/json; charset=utf-8")],
    [2, () => harmless(json, "Accept: text/html,*/*;q=0.1")],
    [2, () => harmless(json, `X-Request-Id: ${printable(random, 300)}`)],
    [2, () => harmless(json, `Traceparent: ${printable(random, 80)}`, "Tracestate: a=b,,=")],
    [2, () => harmless(json, `Authorization: ${printable(random, 200)}`)],
    [2, () => harmless(json, `X-Api-Key: ${printable(random, 200)}`)],
    [2, () => harmless(json, `Cookie: ${printable(random, 2000)}`)],
    [2, () => harmless(json, `Accept-Encoding: ${printable(random, 50)}`)],
    [1, () => harmless(json, "Expect: 100-continue")],
    [1, () => harmless(json, ...Array.from({ length: 60 }, (_, i) => `X-${i}: ${i}`))],
    [1, () => harmless(json, `X-Latin: ${"\u00e9\u00ff".repeat(10)}`)],
    [1, () => odd([417], json, `Expect: ${printable(random, 20)}`)],
    [1, () => odd([400, 404, 415], json, `Inference-Header-Content-Length: ${random.int(-2, 99)}`)],
    [1, () => odd([400, 415], "Content-Type: application/json; charset=utf-16")],
    [1, () => odd([400, 415], "Content-Type: application/x-www-form-urlencoded")],
    [1, () => odd([400, 415], "Content-Type: multipart/form-data; boundary=x")],
    [1, () => odd([400, 415], `Content-Type: ${printable(random, 100)}`)],
    [1, () => odd([400, 415], "Content-Type:")],
    [1, () => odd([400, 405], json, "X-HTTP-Method-Override: DELETE")],
  ])();
}

function printable(random: Random, most: number): string {
  const length = random.int(0, most);
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(random.int(0x21, 0x7e));
  return text;
}
