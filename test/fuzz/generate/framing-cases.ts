import type { Random } from "../random";
import { chunkedBody } from "./framing-chunks";
import { headers, hugeHeaders, requestLine } from "./framing-heads";
import { contentLength, transferEncoding } from "./framing-lengths";
import {
  ANSWERED,
  BODY,
  type Draft,
  EITHER,
  type FramingCase,
  INCOMPLETE,
  post,
  REFUSED,
  SMUGGLED,
} from "./framing-types";

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
  [12, ["early close", earlyClose]],
  [2, ["half requests", halfRequest]],
  [6, ["no HTTP", noHttp]],
];

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

/** Ours ends while answers are on their way: behind half a request, or behind what is none. */
function earlyClose(random: Random): Draft {
  const right = Buffer.from(post([`Content-Length: ${BODY.length}`]));
  const part = random.chance(0.3)
    ? Buffer.from("\x00garbage\r\n\r\n")
    : right.subarray(0, random.int(1, right.length));
  return {
    parts: random.chance(0.5) ? [part] : fragments(part, random),
    before: random.chance(0.5) ? random.int(1, 12) : 0,
    outcome: INCOMPLETE,
    end: random.pick(["half-close", "reset", "leave"]),
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

function fragments(bytes: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + (parts.length > 20 ? bytes.length : random.int(1, 40));
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}
