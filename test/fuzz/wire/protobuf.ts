/** Protocol Buffers' wire format by hand: what is wrong on purpose can't be written with a library. */

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

/** A whole number, negative ones in two's complement of 64 bits as int32 and int64 have it. */
export function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

export function numberField(field: number, value: number | bigint): Buffer {
  return Buffer.concat([tag(field, VARINT), varint(value)]);
}

export function bytesField(field: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** One field as it was on the wire: a number for VARINT, bytes for all else. */
export interface Field {
  readonly field: number;
  readonly wireType: number;
  readonly number: bigint;
  readonly bytes: Uint8Array;
}

const none = new Uint8Array(0);

/** The fields of a message in their order; undefined when it is not one (cut off, groups, field 0, overlong numbers). */
export function readFields(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const key = readVarint(bytes, cursor, 5);
    if (key === undefined || key > 0xffff_ffffn || key >> 3n === 0n) return undefined;
    const field = Number(key >> 3n);
    const wireType = Number(key & 7n);
    let number = 0n;
    let content: Uint8Array = none;
    if (wireType === VARINT) {
      const value = readVarint(bytes, cursor);
      if (value === undefined) return undefined;
      number = value;
    } else {
      const length =
        wireType === LENGTH_DELIMITED
          ? readVarint(bytes, cursor, 5)
          : wireType === FIXED64
            ? 8n
            : wireType === FIXED32
              ? 4n
              : undefined;
      if (length === undefined || length > BigInt(bytes.length - cursor.at)) return undefined;
      content = bytes.subarray(cursor.at, cursor.at + Number(length));
      cursor.at += Number(length);
    }
    fields.push({ field, wireType, number, bytes: content });
  }
  return fields;
}

/** The whole numbers of a packed field; undefined when it is cut off. */
export function readPacked(bytes: Uint8Array): bigint[] | undefined {
  const numbers: bigint[] = [];
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const value = readVarint(bytes, cursor);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  return numbers;
}

/** @param most bytes it may have: 5 where it has 32 bits */
function readVarint(bytes: Uint8Array, cursor: { at: number }, most = 10): bigint | undefined {
  let value = 0n;
  for (let i = 0; i < most; i++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  return undefined;
}
