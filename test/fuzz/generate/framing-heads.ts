import type { Random } from "../random";
import { alternatives } from "./alternatives";
import { ANSWERED, BODY, type Draft, EITHER, post, REFUSED } from "./framing-types";

/** Methods, targets and versions that are wrong, or seldom seen. */
export function requestLine(random: Random): Draft {
  const rest = `\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const refused = [
    ...alternatives("FOO /predict HTTP/1.1|post /predict HTTP/1.1|POST /predict HTTP/9.9"),
    ...alternatives(
      "POST /predict http/1.1|POST /predict HTTP/1|POST /predict HTTP/1.1.1|POST /predict XTTP/1.1",
    ),
    ...alternatives(
      "POST  HTTP/1.1|POST|/predict HTTP/1.1|POST /pre dict HTTP/1.1|POST\t/predict\tHTTP/1.1 x",
    ),
    ...alternatives("PO\x00ST /predict HTTP/1.1|POST /predict HTTP/1.1 HTTP/1.1"),
    "M".repeat(10_000) + " / HTTP/1.1",
    `POST /${"a".repeat(20_000)} HTTP/1.1`,
  ];
  const either = [
    ...alternatives(
      "POST http://x/predict HTTP/1.1|POST https://user@x:99999/predict HTTP/1.1|OPTIONS * HTTP/1.1",
    ),
    ...alternatives(
      "POST * HTTP/1.1|POST x:443 HTTP/1.1|POST predict HTTP/1.1|POST /predict#x HTTP/1.1",
    ),
    ...alternatives(
      "POST /predict\x80\xff HTTP/1.1|POST /pr\x00edict HTTP/1.1|POST /%00 HTTP/1.1|POST ? HTTP/1.1",
    ),
    ...alternatives(
      "POST //x/predict HTTP/1.1|POST ///// HTTP/1.1|POST /\\..\\predict HTTP/1.1|POST /predict HTTP/1.0",
    ),
    ...alternatives(
      "POST /predict HTTP/0.9|POST /predict HTTP/2.0|POST /predict HTTP/1.2|PUT /predict HTTP/1.1|M-SEARCH * HTTP/1.1",
    ),
    ...alternatives(
      "POST http:///predict HTTP/1.1|POST http:// HTTP/1.1|POST /predict|POST [::1] HTTP/1.1|POST /[]{}|^` HTTP/1.1",
    ),
  ];
  return random.weighted<() => Draft>([
    [6, () => ({ text: random.pick(refused) + rest, outcome: REFUSED })],
    [6, () => ({ text: random.pick(either) + rest, outcome: EITHER, method: "POST" })],
    [1, () => ({ text: `\r\n${post([`Content-Length: ${BODY.length}`])}`, outcome: EITHER })],
    [1, () => ({ text: `\r\n\r\n\n${post([`Content-Length: ${BODY.length}`])}`, outcome: EITHER })],
  ])();
}

/** Header lines that RFC 9112 refuses, and those it leaves open. */
export function headers(random: Random): Draft {
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

/** More header bytes or lines than are allowed, and just as many. */
export function hugeHeaders(random: Random): Draft {
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
