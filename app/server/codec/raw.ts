import { RequestError } from "../errors";
import {
  DATATYPES,
  type Datatype,
  type NumericData,
  type Tensor,
  type TensorData,
} from "../tensor";

/** Bytes before each text: its length, little-endian. */
const LENGTH_BYTES = 4;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The elements of a tensor in the Open Inference Protocol's raw form: row-major, little-endian, without padding; each
 * text after its length. The answer is a copy, so that `bytes` may be a window on something larger and unaligned.
 * @param elements how many there must be: the shape's product
 * @throws RequestError 400 at `field` when `bytes` are too few or too many, or a text is not UTF-8.
 */
export function parseRaw(
  datatype: Datatype,
  bytes: Uint8Array,
  elements: number,
  field: string,
): TensorData {
  const { bytes: width, array } = DATATYPES[datatype];
  if (width === undefined) return parseTexts(bytes, elements, field);
  if (bytes.length !== elements * width)
    throw new RequestError(
      400,
      `${elements * width} bytes are needed for ${elements} elements of ${datatype}, got ${bytes.length}`,
      field,
    );
  const copy = new Uint8Array(bytes);
  return new array(copy.buffer);
}

/** `tensor`'s elements in raw form; a view on its data where that is raw already. */
export function renderRaw({ datatype, data }: Tensor): Buffer {
  if (datatype !== "BYTES") {
    const { buffer, byteOffset, byteLength } = data as NumericData;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  const parts: Buffer[] = [];
  for (const text of data as readonly string[]) {
    const encoded = Buffer.from(text);
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32LE(encoded.length);
    parts.push(length, encoded);
  }
  return Buffer.concat(parts);
}

function parseTexts(bytes: Uint8Array, elements: number, field: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + LENGTH_BYTES;
    const length = start <= bytes.length ? view.getUint32(at, true) : Infinity;
    if (start + length > bytes.length)
      throw new RequestError(400, `text ${texts.length} goes beyond the end of the data`, field);
    texts.push(parseText(bytes.subarray(start, start + length), texts.length, field));
    at = start + length;
  }
  if (texts.length !== elements)
    throw new RequestError(400, `${elements} texts are needed, got ${texts.length}`, field);
  return texts;
}

/** @throws RequestError 400 at `field` when `bytes` are no UTF-8. */
export function parseText(bytes: Uint8Array, index: number, field: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RequestError(400, `text ${index} is not UTF-8`, field);
  }
}
