import { isUtf8 } from "node:buffer";
import type { Datatype, TensorData } from "../tensor";
import { isObject } from "./json-body";

/** How the elements of one datatype come in JSON. */
export interface ElementKind {
  /** What is needed, for errors. */
  readonly needed: string;
  /** Puts `value` at `at` of `data`, which is of the datatype; false when it is none of it. */
  put(data: TensorData, at: number, value: unknown): boolean;
}

/** The largest finite float32: what is beyond it would reach the model as infinity. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

function float(limit: number): ElementKind {
  return {
    needed: "a finite number",
    put(data, at, value) {
      const number = typeof value === "bigint" ? Number(value) : value;
      if (typeof number !== "number" || !(number <= limit && number >= -limit)) return false;
      (data as Float64Array)[at] = number;
      return true;
    },
  };
}

function integer(least: number, most: number): ElementKind {
  return {
    needed: `a whole number from ${least} to ${most}`,
    put(data, at, value) {
      if (!Number.isInteger(value)) return false;
      const number = value as number;
      if (number < least || number > most) return false;
      (data as Int32Array)[at] = number;
      return true;
    },
  };
}

/** A number beyond 2^53 that didn't come as digits isn't known exactly. */
function longInteger(least: bigint, most: bigint): ElementKind {
  return {
    needed: `a whole number from ${least} to ${most} in digits`,
    put(data, at, value) {
      if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return false;
      const number = BigInt(value as number | bigint);
      if (number < least || number > most) return false;
      (data as BigInt64Array)[at] = number;
      return true;
    },
  };
}

const boolean: ElementKind = {
  needed: "true or false",
  put(data, at, value) {
    if (typeof value !== "boolean") return false;
    (data as Uint8Array)[at] = value ? 1 : 0;
    return true;
  },
};

const text: ElementKind = {
  needed: 'a text, or {"b64": its UTF-8 in base64},',
  put(data, at, value) {
    const own = typeof value === "string" ? value : isBase64(value) ? decode(value.b64) : undefined;
    if (own === undefined) return false;
    (data as string[])[at] = own;
    return true;
  },
};

export const elementKinds: Readonly<Record<Datatype, ElementKind>> = {
  BOOL: boolean,
  UINT8: integer(0, 0xff),
  UINT16: integer(0, 0xffff),
  UINT32: integer(0, 0xffff_ffff),
  UINT64: longInteger(0n, 2n ** 64n - 1n),
  INT8: integer(-0x80, 0x7f),
  INT16: integer(-0x8000, 0x7fff),
  INT32: integer(-0x8000_0000, 0x7fff_ffff),
  INT64: longInteger(-(2n ** 63n), 2n ** 63n - 1n),
  FP32: float(MAX_FLOAT32),
  FP64: float(Number.MAX_VALUE),
  BYTES: text,
};

/** Binary text as TensorFlow Serving writes it: an object with `b64` alone. */
export function isBase64(value: unknown): value is { readonly b64: string } {
  if (!isObject(value) || typeof value["b64"] !== "string") return false;
  return Object.keys(value).length === 1;
}

/** Standard or URL-safe alphabet, padded or not; undefined when it is neither, or no UTF-8. */
function decode(base64: string): string | undefined {
  const bytes = Buffer.from(base64, "base64");
  const digits = base64.length - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);
  // Node skips what isn't base64: then fewer bytes come out than the digits stand for.
  if (bytes.length !== Math.floor((digits * 3) / 4) || digits % 4 === 1) return undefined;
  return isUtf8(bytes) ? bytes.toString() : undefined;
}
