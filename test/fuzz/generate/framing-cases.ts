import type { Random } from "../random";
import { chunkedBody } from "./framing-chunks";
import { ANSWERED, EITHER, type FramingCase, INCOMPLETE, REFUSED } from "./framing-types";

const BODY = '{"instances":[[5.1,3.5,1.4,0.2]]}';
/** Must never be answered: it is another request's body. */
const SMUGGLED = "GET /v1/models/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

type Draft = Pick<FramingCase, "outcome"> &
  Partial<FramingCase> & { readonly text?: string | Buffer };

/** Bytes that are HTTP, nearly HTTP, or none, for a connection of their own. */
export function framingCase(random: Random): FramingCase {
  const [kind, make] = random.weighted(KINDS);
  const draft = make(random);
  const bytes =
    typeof draft.text === "string" ? Buffer.from(draft.text, "latin1") : (draft.text ?? null);
  return {
    kind,
    before: random.chance(0.2) ? random.int(1, 4) : 0,
    method: "POST",
    end: "golden",
    parts: bytes === null ? [] : random.chance(0.1) ? fragments(bytes, random) : [bytes],
    ...draft,
  };
}

const KINDS: readonly (readonly [number, readonly [string, (random: Random) => Draft]])[] = [
  [10, ["Content-Length", contentLength]],
  [10, ["Transfer-Encoding", transferEncoding]],
  [12, ["chunks", (random) => chunkedBody(random, BODY)]],
  [14, ["headers", headers]],
  [14, ["request line", requestLine]],
  [4, ["huge headers", hugeHeaders]],
  [8, ["pipelining", pipelining]],
  [6, ["bodies of GET", bodyOfGet]],
  [6, ["upgrades", upgrades]],
  [8, ["early close", earlyClose]],
  [2, ["half requests", halfRequest]],
  [6, ["no HTTP", noHttp]],
];

function post(lines: readonly string[], body = BODY): string {
  return ["POST /predict HTTP/1.1", "Host: x", ...lines, "", body].join("\r\n");
}

function contentLength(random: Random): Draft {
  const length = String(BODY.length);
  return random.weighted<() => Draft>([
    [
      8,
      () => {
        const values = `abc|-1|+33|1e2|0x21|3 3|33,|,33|33, 34|33;|9${"9".repeat(30)}|18446744073709551649|NaN|3\x003`;
        const value = random.pick(values.split("|"));
        return { text: post([`Content-Length: ${value}`]), outcome: REFUSED };
      },
    ],
    [2, () => ({ text: post([`Content-Length: ${length}, ${length}`]), outcome: EITHER })],
    [1, () => ({ text: post(["Content-Length:"]), outcome: EITHER })],
    [2, () => ({ text: post([`Content-Length:\t ${length} \t`]), outcome: ANSWERED })],
    [1, () => ({ text: post([`content-LENGTH:${length}`]), outcome: ANSWERED })],
    [1, () => ({ text: post([`Content-Length: 000${length}`]), outcome: EITHER })],
    [
      3,
      () => ({
        text: post([`Content-Length: ${length}`, `Content-Length: ${random.int(0, 99)}1`]),
        outcome: REFUSED,
      }),
    ],
    [
      1,
      () => ({
        text: post([`Content-Length: ${length}`, `Content-Length: ${length}`]),
        outcome: EITHER,
      }),
    ],
    // Shorter than the body: what is left over is no request.
    [2, () => ({ text: post(["Content-Length: 10"]), outcome: EITHER })],
    [
      2,
      () => ({
        text: post([`Content-Length: ${random.int(70_000, 10 ** 9)}`]),
        outcome: INCOMPLETE,
      }),
    ],
    [2, () => ({ text: post([]), outcome: EITHER })],
  ])();
}

function transferEncoding(random: Random): Draft {
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  return random.weighted<() => Draft>([
    [
      5,
      () => ({
        text: post(
          shuffled([`Content-Length: ${BODY.length}`, "Transfer-Encoding: chunked"], random),
          chunks,
        ),
        outcome: REFUSED,
      }),
    ],
    [
      4,
      () => {
        const codings = 'chunked, gzip|xchunked|chunkedx|chunked;q=1|gzip|identity|"chunked"|,';
        const coding = random.pick(codings.split("|"));
        return { text: post([`Transfer-Encoding: ${coding}`], chunks), outcome: EITHER };
      },
    ],
    [
      2,
      () => {
        const codings = "chunked, chunked|chunked,|gzip, chunked|identity, chunked|CHUNKED";
        const coding = random.pick(codings.split("|"));
        return { text: post([`Transfer-Encoding: ${coding}`], chunks), outcome: EITHER };
      },
    ],
    [
      2,
      () => {
        const lines = ["Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked"];
        return { text: post([random.pick(lines)], chunks), outcome: REFUSED };
      },
    ],
    [
      2,
      () => ({
        text: post(["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], chunks),
        outcome: EITHER,
      }),
    ],
    [
      2,
      () => ({
        text: post(["Transfer-Encoding: chunked"], `0\r\n\r\n${SMUGGLED}`).replace("1.1", "1.0"),
        outcome: EITHER,
      }),
    ],
    [2, () => ({ text: post(["Transfer-Encoding: chunked"], chunks), outcome: ANSWERED })],
  ])();
}

function headers(random: Random): Draft {
  const length = `Content-Length: ${BODY.length}`;
  const refused = [
    "X : 1",
    ": empty",
    "no colon",
    "X\x00Y: 1",
    "X\x01: 1",
    "X Y: 1",
    "(X): 1",
    "X: a\x00b",
    "X: a\rb",
    "X: \x01",
    "X: a\x7fb",
    "\xe9: 1",
    "X\n: 1",
  ];
  const either = [" folded", "\tfolded", "X: a\r\n\tb", "X: a\nY: b", "X: \xff\xfe", "X:"];
  return random.weighted<() => Draft>([
    [6, () => ({ text: post([length, random.pick(refused)]), outcome: REFUSED })],
    [4, () => ({ text: post(["X: 1", random.pick(either), length]), outcome: EITHER })],
    [1, () => ({ text: post([length]).replace("Host: x\r\n", ""), outcome: REFUSED })],
    [1, () => ({ text: post([length, "Host: y"]), outcome: EITHER })],
    [1, () => ({ text: post([length]).replace("Host: x", "Host: a b\\"), outcome: EITHER })],
    [2, () => ({ text: post([length]).replaceAll("\r\n", "\n"), outcome: EITHER })],
    [1, () => ({ text: post([length]).replaceAll("\r\n", "\r"), outcome: EITHER })],
    [1, () => ({ text: post([length, "Connection: close"]), outcome: EITHER })],
    [1, () => ({ text: post([length, "Connection: close, keep-alive, x"]), outcome: EITHER })],
    [1, () => ({ text: post([length, "Keep-Alive: timeout=-1"]), outcome: ANSWERED })],
    [1, () => ({ text: post([length, "__proto__: 1", "constructor: 1"]), outcome: ANSWERED })],
  ])();
}

function requestLine(random: Random): Draft {
  const rest = `\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const refused = [
    ..."FOO /predict HTTP/1.1|post /predict HTTP/1.1|POST /predict HTTP/9.9".split("|"),
    ..."POST /predict http/1.1|POST /predict HTTP/1|POST /predict HTTP/1.1.1|POST /predict XTTP/1.1".split(
      "|",
    ),
    ..."POST  HTTP/1.1|POST|/predict HTTP/1.1|POST /pre dict HTTP/1.1|POST\t/predict\tHTTP/1.1 x".split(
      "|",
    ),
    ..."PO\x00ST /predict HTTP/1.1|POST /predict HTTP/1.1 HTTP/1.1".split("|"),
    "M".repeat(10_000) + " / HTTP/1.1",
    `POST /${"a".repeat(20_000)} HTTP/1.1`,
  ];
  const either = [
    ..."POST http://x/predict HTTP/1.1|POST https://user@x:99999/predict HTTP/1.1|OPTIONS * HTTP/1.1".split(
      "|",
    ),
    ..."POST * HTTP/1.1|POST x:443 HTTP/1.1|POST predict HTTP/1.1|POST /predict#x HTTP/1.1".split(
      "|",
    ),
    ..."POST /predict\x80\xff HTTP/1.1|POST /pr\x00edict HTTP/1.1|POST /%00 HTTP/1.1|POST ? HTTP/1.1".split(
      "|",
    ),
    ..."POST //x/predict HTTP/1.1|POST ///// HTTP/1.1|POST /\\..\\predict HTTP/1.1|POST /predict HTTP/1.0".split(
      "|",
    ),
    ..."POST /predict HTTP/0.9|POST /predict HTTP/2.0|POST /predict HTTP/1.2|PUT /predict HTTP/1.1|M-SEARCH * HTTP/1.1".split(
      "|",
    ),
    ..."POST http:///predict HTTP/1.1|POST http:// HTTP/1.1|POST /predict|POST [::1] HTTP/1.1|POST /[]{}|^` HTTP/1.1".split(
      "|",
    ),
  ];
  return random.weighted<() => Draft>([
    [6, () => ({ text: random.pick(refused) + rest, outcome: REFUSED })],
    [6, () => ({ text: random.pick(either) + rest, outcome: EITHER, method: "POST" })],
    [1, () => ({ text: `\r\n${post([`Content-Length: ${BODY.length}`])}`, outcome: EITHER })],
    [1, () => ({ text: `\r\n\r\n\n${post([`Content-Length: ${BODY.length}`])}`, outcome: EITHER })],
  ])();
}

function hugeHeaders(random: Random): Draft {
  const length = `Content-Length: ${BODY.length}`;
  return random.weighted<() => Draft>([
    [2, () => ({ text: post([length, `X: ${"x".repeat(20_000)}`]), outcome: REFUSED })],
    [1, () => ({ text: post([length, `${"X".repeat(20_000)}: 1`]), outcome: REFUSED })],
    [2, () => ({ text: post([length, ...many(3000)]), outcome: REFUSED })],
    [2, () => ({ text: post([length, ...many(90)]), outcome: ANSWERED })],
    [1, () => ({ text: post([length, `X: ${"x".repeat(6000)}`]), outcome: ANSWERED })],
    [1, () => ({ text: post([length, `X: ${"x".repeat(300_000)}`]), outcome: EITHER })],
  ])();
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `X${i}: ${i % 10}`);
}

function pipelining(random: Random): Draft {
  const right = post([`Content-Length: ${BODY.length}`]);
  return random.weighted<() => Draft>([
    [2, () => ({ parts: fragments(Buffer.from(right), random), outcome: ANSWERED })],
    // A right request, then what is none: the right one must still get its answer.
    [3, () => ({ text: "\x00garbage\r\n\r\n", before: random.int(1, 8), outcome: REFUSED })],
    [2, () => ({ text: post(["Content-Length: x"]), before: random.int(1, 8), outcome: REFUSED })],
    [
      2,
      () => ({ text: post(["Content-Length: 1"], "{"), before: random.int(0, 8), outcome: EITHER }),
    ],
    [1, () => ({ text: right, before: random.int(5, 40), outcome: ANSWERED })],
  ])();
}

function bodyOfGet(random: Random): Draft {
  const method = random.pick(["GET", "HEAD", "DELETE", "OPTIONS", "PUT"]);
  const lines = [`${method} /healthz HTTP/1.1`, "Host: x", `Content-Length: ${SMUGGLED.length}`];
  return { text: [...lines, "", SMUGGLED].join("\r\n"), method, outcome: EITHER };
}

function upgrades(random: Random): Draft {
  const length = `Content-Length: ${BODY.length}`;
  const upgrade = (protocol: string, ...more: string[]): Draft => ({
    text: post([length, "Connection: Upgrade", `Upgrade: ${protocol}`, ...more]),
    outcome: EITHER,
  });
  return random.weighted<() => Draft>([
    [2, () => upgrade("websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")],
    [2, () => upgrade("h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")],
    [1, () => upgrade("TLS/1.2")],
    [1, () => ({ text: "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", outcome: INCOMPLETE })],
    [2, () => ({ text: post([length, "Expect: 100-continue"]), outcome: ANSWERED })],
    [
      1,
      () => ({
        text: post(["Content-Length: 999999", "Expect: 100-continue"]),
        outcome: INCOMPLETE,
      }),
    ],
    [1, () => ({ text: post([length, "Expect: 200-ok"]), outcome: EITHER })],
  ])();
}

function earlyClose(random: Random): Draft {
  const right = Buffer.from(post([`Content-Length: ${BODY.length}`]));
  const part = right.subarray(0, random.int(1, right.length));
  return {
    parts: random.chance(0.5) ? [part] : fragments(part, random),
    outcome: INCOMPLETE,
    end: random.pick(["half-close", "reset"]),
  };
}

function halfRequest(random: Random): Draft {
  const right = Buffer.from(post([`Content-Length: ${BODY.length}`]));
  const text = right.subarray(0, random.int(1, right.length - 1));
  return { text, outcome: INCOMPLETE, end: "wait" };
}

function noHttp(random: Random): Draft {
  return random.weighted<() => Draft>([
    [4, () => ({ text: random.bytes(random.int(1, 400)), outcome: INCOMPLETE })],
    [1, () => ({ text: "\r\n".repeat(random.int(1, 500)), outcome: EITHER })],
    [1, () => ({ text: Buffer.alloc(random.int(1, 5000)), outcome: REFUSED })],
    [1, () => ({ text: Buffer.from("16030100f5010000f10303", "hex"), outcome: REFUSED })],
    [1, () => ({ text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", outcome: REFUSED })],
    [1, () => ({ text: "SSH-2.0-OpenSSH_9.6\r\n", outcome: REFUSED })],
    [1, () => ({ text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", outcome: REFUSED })],
    [1, () => ({ text: "GET /\r\n", outcome: REFUSED })],
  ])();
}

function shuffled(lines: readonly string[], random: Random): string[] {
  return random.chance(0.5) ? [...lines] : [...lines].reverse();
}

function fragments(bytes: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + (parts.length > 20 ? bytes.length : random.int(1, 40));
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}
