import { DATATYPES, type Datatype } from "../../../app/server/tensor";
import { BAD_REQUEST, type Reading, UNCLEAR } from "./judgement";

/** An element as it is compared: 64-bit numbers as bigint, BOOL as boolean, BYTES as string. */
export type Element = number | bigint | boolean | string;

const MAX_FLOAT32 = 3.4028234663852886e38;

const RANGES: Readonly<Partial<Record<Datatype, readonly [least: bigint, most: bigint]>>> = {
  INT8: [-128n, 127n],
  INT16: [-32768n, 32767n],
  INT32: [-2147483648n, 2147483647n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT8: [0n, 255n],
  UINT16: [0n, 65535n],
  UINT32: [0n, 4294967295n],
  UINT64: [0n, 2n ** 64n - 1n],
};

export function is64(datatype: Datatype): boolean {
  return datatype === "INT64" || datatype === "UINT64";
}

export function rangeOf(datatype: Datatype): readonly [bigint, bigint] | undefined {
  return RANGES[datatype];
}

/** What a JSON value means as an element of `datatype`. @throws Refusal, UNCLEAR */
export function readJsonElement(datatype: Datatype, value: unknown, reading: Reading): Element {
  if (datatype === "BYTES") return readText(value, reading);
  if (datatype === "BOOL") {
    if (typeof value === "boolean") return value;
    if (value === 0 || value === 1) throw UNCLEAR;
    throw BAD_REQUEST;
  }
  if (typeof value !== "number") throw BAD_REQUEST;
  return readNumber(datatype, value);
}

/** A finite number in the datatype's range, or a Refusal. Whole numbers beyond 2^53 are not what was written: unclear. */
export function readNumber(datatype: Datatype, value: number): Element {
  const range = RANGES[datatype];
  if (range === undefined) {
    const most = datatype === "FP32" ? MAX_FLOAT32 : Number.MAX_VALUE;
    if (!(Math.abs(value) <= most)) throw BAD_REQUEST;
    return datatype === "FP32" ? Math.fround(value) : value;
  }
  if (!Number.isInteger(value)) throw BAD_REQUEST;
  const whole = BigInt(value);
  if (!Number.isSafeInteger(value) && is64(datatype)) throw UNCLEAR;
  if (whole < range[0] || whole > range[1]) throw BAD_REQUEST;
  return is64(datatype) ? whole : Number(whole);
}

function readText(value: unknown, reading: Reading): Element {
  if (typeof value !== "string") throw BAD_REQUEST;
  const sent = wellFormed(value);
  // Half a surrogate pair has no UTF-8 form: refused, or replaced as everywhere in JavaScript.
  if (sent !== value) reading.doubt();
  return sent;
}

/** `text` as UTF-8 can have it. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The elements of the Open Inference Protocol's raw form. @throws Refusal, UNCLEAR */
export function readRaw(
  datatype: Datatype,
  bytes: Uint8Array,
  count: number,
  reading: Reading,
): Element[] {
  const { bytes: width } = DATATYPES[datatype];
  if (width === undefined) return readRawTexts(bytes, count);
  if (bytes.length !== count * width) throw BAD_REQUEST;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) =>
    readRawElement(datatype, view, i * width, reading),
  );
}

function readRawElement(datatype: Datatype, view: DataView, at: number, reading: Reading): Element {
  switch (datatype) {
    case "BOOL": {
      const value = view.getUint8(at);
      if (value > 1) reading.doubt();
      return value !== 0;
    }
    case "UINT8":
      return view.getUint8(at);
    case "UINT16":
      return view.getUint16(at, true);
    case "UINT32":
      return view.getUint32(at, true);
    case "UINT64":
      return view.getBigUint64(at, true);
    case "INT8":
      return view.getInt8(at);
    case "INT16":
      return view.getInt16(at, true);
    case "INT32":
      return view.getInt32(at, true);
    case "INT64":
      return view.getBigInt64(at, true);
    case "FP32":
      return finite(view.getFloat32(at, true));
    case "FP64":
      return finite(view.getFloat64(at, true));
    case "BYTES":
      throw new Error("text has no width");
  }
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw BAD_REQUEST;
  return value;
}

function readRawTexts(bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw BAD_REQUEST;
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.length) throw BAD_REQUEST;
    texts.push(readUtf8(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (texts.length !== count) throw BAD_REQUEST;
  return texts;
}

/** @throws Refusal when `bytes` are no UTF-8 */
export function readUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw BAD_REQUEST;
  }
}

/**
 * Flattens nested lists whose sizes must be `shape`'s; -1 stands for any size, the same everywhere, and is filled in.
 * @throws Refusal when a list is missing, too short or too long
 */
export function flatten(
  value: unknown,
  shape: number[],
  depth: number,
  leaf: (value: unknown) => Element,
  into: Element[],
): void {
  if (depth === shape.length) {
    into.push(leaf(value));
    return;
  }
  if (!Array.isArray(value)) throw BAD_REQUEST;
  if (shape[depth] === -1) shape[depth] = value.length;
  if (shape[depth] !== value.length) throw BAD_REQUEST;
  for (const one of value) flatten(one, shape, depth + 1, leaf, into);
}
