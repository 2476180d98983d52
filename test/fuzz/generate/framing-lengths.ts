import type { Random } from "../random";
import { alternatives } from "./alternatives";
import {
  ANSWERED,
  BODY,
  type Draft,
  EITHER,
  INCOMPLETE,
  post,
  REFUSED,
  SMUGGLED,
} from "./framing-types";

/** Content-Length: no number, several numbers, too large, not the body's. */
export function contentLength(random: Random): Draft {
  const length = String(BODY.length);
  return random.weighted<() => Draft>([
    [
      8,
      () => {
        const values = `abc|-1|+33|1e2|0x21|3 3|33,|,33|33, 34|33;|9${"9".repeat(30)}|18446744073709551649|NaN|3\x003`;
        const value = random.pick(alternatives(values));
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

/** Transfer-Encoding: beside a Content-Length, twice, unknown, in spellings that some servers take and others don't. */
export function transferEncoding(random: Random): Draft {
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
        const coding = random.pick(alternatives(codings));
        return { text: post([`Transfer-Encoding: ${coding}`], chunks), outcome: EITHER };
      },
    ],
    [
      2,
      () => {
        const codings = "chunked, chunked|chunked,|gzip, chunked|identity, chunked|CHUNKED";
        const coding = random.pick(alternatives(codings));
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

function shuffled(lines: readonly string[], random: Random): string[] {
  return random.chance(0.5) ? [...lines] : [...lines].reverse();
}
