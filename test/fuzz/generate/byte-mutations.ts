import type { Random } from "../random";
import { alternatives } from "./alternatives";

const INSERTS: readonly Buffer[] = [
  ...alternatives('{|}|[|]|,|:|"|\\|-|e|.| |\n|\0|//|/**/|NaN|Infinity|null|\ufeff|\u2028|🙂'),
]
  .map((text) => Buffer.from(text))
  .concat([
    Buffer.from([0xff]),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xf4, 0x90, 0x80, 0x80]),
    Buffer.from([0x80]),
    Buffer.from([0xe2, 0x82]),
  ]);

/** `bytes` with one or a few changed, gone, doubled or added. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.int(0, Math.max(bytes.length - 1, 0));
  const end = Math.min(bytes.length, at + random.int(1, 8));
  return random.weighted<() => Buffer>([
    [20, () => splice(bytes, at, at, random.pick(INSERTS))],
    [15, () => splice(bytes, at, end, Buffer.alloc(0))],
    [15, () => flip(bytes, at, random)],
    [12, () => bytes.subarray(0, at)],
    [10, () => splice(bytes, at, at, bytes.subarray(at, end))],
    [8, () => splice(bytes, at, end, random.bytes(end - at))],
    [5, () => Buffer.concat([Buffer.from("\ufeff"), bytes])],
    [5, () => Buffer.concat([bytes, random.pick(INSERTS)])],
    [4, () => Buffer.concat([bytes, bytes])],
    [2, () => utf16(bytes, random)],
    [2, () => bytes.subarray(at)],
  ])();
}

function splice(bytes: Buffer, start: number, end: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(end)]);
}

function flip(bytes: Buffer, at: number, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.int(0, 7));
  return copy;
}

function utf16(bytes: Buffer, random: Random): Buffer {
  const wide = Buffer.from(bytes.toString(), "utf16le");
  return random.chance(0.5) ? wide : wide.swap16();
}
