import { BAD_REQUEST, MAX_BODY_BYTES, type Reading, Refusal, UNCLEAR } from "./judgement";

export type JsonObject = Readonly<Record<string, unknown>>;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON value of a body. What parses only with a byte order mark or broken UTF-8 passed over is doubtful. @throws Refusal */
export function parseBody(body: Uint8Array, reading: Reading): unknown {
  if (body.length > MAX_BODY_BYTES) throw new Refusal([413]);
  let text: string;
  try {
    text = strict.decode(body);
  } catch {
    reading.doubt();
    text = Buffer.from(body).toString();
  }
  if (text.startsWith("\ufeff")) {
    reading.doubt();
    text = text.slice(1);
  }
  const value = parse(text);
  if (countColons(text) !== countKeys(value)) reading.doubt();
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw BAD_REQUEST;
  }
}

/** Colons outside strings: one for each key as written. */
function countColons(text: string): number {
  let colons = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x3a) colons++;
  }
  return colons;
}

/** Keys as parsed: fewer than written when one was there twice. */
function countKeys(value: unknown): number {
  let keys = 0;
  const waiting = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (Array.isArray(one)) {
      for (const inner of one) waiting.push(inner);
    } else if (typeof one === "object" && one !== null)
      for (const inner of Object.values(one)) {
        keys++;
        waiting.push(inner);
      }
  }
  return keys;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field: `__proto__` and `constructor` are names like any other. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** @throws Refusal when `object` has other keys than `names` */
export function onlyKeys(object: JsonObject, names: readonly string[]): void {
  for (const key of Object.keys(object)) if (!names.includes(key)) throw BAD_REQUEST;
}

/** Fields a server may pass over or refuse. */
export function doubtOtherKeys(
  object: JsonObject,
  names: readonly string[],
  reading: Reading,
): void {
  for (const key of Object.keys(object)) if (!names.includes(key)) reading.doubt();
}

/** TensorFlow's form of bytes in JSON, `{"b64": "…"}`. */
export function isBase64(value: unknown): value is { b64: string } {
  return isObject(value) && "b64" in value && Object.keys(value).length === 1;
}

/** @throws UNCLEAR unless it is well-formed base64 of UTF-8 */
export function decodeBase64(value: { b64: unknown }): string {
  const { b64 } = value;
  if (typeof b64 !== "string") throw BAD_REQUEST;
  const bytes = Buffer.from(b64, "base64");
  if (bytes.toString("base64") !== b64) throw UNCLEAR;
  try {
    return strict.decode(bytes);
  } catch {
    throw BAD_REQUEST;
  }
}
