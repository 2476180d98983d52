import type { Random } from "../random";
import { alternatives } from "./alternatives";
import { ANSWERED, EITHER, type FramingCase, INCOMPLETE, REFUSED } from "./framing-types";

/** A chunked body: right in many ways, or wrong in one. */
export function chunkedBody(
  random: Random,
  body: string,
): Pick<FramingCase, "outcome"> & Partial<FramingCase> & { text: string } {
  const size = body.length.toString(16);
  const whole = `${size}\r\n${body}\r\n`;
  const end = "0\r\n\r\n";
  const [outcome, chunks] = random.weighted<() => [FramingCase["outcome"], string]>([
    [4, () => [ANSWERED, split(body, random) + end]],
    [1, () => [ANSWERED, `${size.toUpperCase()};name=value;x="y"\r\n${body}\r\n${end}`]],
    [1, () => [ANSWERED, `000${size}\r\n${body}\r\n00${end}`]],
    [1, () => [ANSWERED, `${whole}0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n`]],
    [1, () => [EITHER, `${whole}0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n`]],
    [1, () => [EITHER, `${size};${"x".repeat(random.pick([100, 17_000]))}\r\n${body}\r\n${end}`]],
    [1, () => [EITHER, `${whole}0\r\n${"X: 1\r\n".repeat(random.pick([10, 5000]))}\r\n`]],
    [6, () => [REFUSED, `${random.pick(SIZES)}\r\n${body}\r\n${end}`]],
    [2, () => [REFUSED, `${size}\r\n${body}x\r\n${end}`]],
    [2, () => [REFUSED, `${(body.length - 1).toString(16)}\r\n${body}\r\n${end}`]],
    [1, () => [EITHER, `${size}\n${body}\n0\n\n`]],
    [1, () => [EITHER, `${size}\r\n${body}\r${end}`]],
    [1, () => [EITHER, `${size} \r\n${body}\r\n${end}`]],
    [1, () => [EITHER, "1\r\n{\r\n".repeat(random.pick([1000, 20_000])) + end]],
    [1, () => [EITHER, `11170\r\n${" ".repeat(70_000)}\r\n${end}`]],
    [1, () => [INCOMPLETE, whole.slice(0, random.int(0, whole.length))]],
    [1, () => [INCOMPLETE, `fffffff\r\n${body}`]],
  ])();
  const text = `POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
  return outcome === INCOMPLETE ? { text, outcome, end: "half-close" } : { text, outcome };
}

const SIZES: readonly string[] = [
  ...alternatives("g|-1|+21|0x21|ffffffffffffffffff|10000000000000000|''|21.0|2_1|;|é|\0|21\x0021"),
];

function split(body: string, random: Random): string {
  let chunks = "";
  for (let at = 0; at < body.length;) {
    const length = random.int(1, body.length - at);
    chunks += `${length.toString(16)}\r\n${body.slice(at, at + length)}\r\n`;
    at += length;
  }
  return chunks;
}
