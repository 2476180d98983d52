import { isUtf8 } from "node:buffer";
import { RequestError } from "../errors";
import type { ModelMetadata } from "../model-metadata";

/** The body as text. @throws RequestError 400 when it is not UTF-8. */
export function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new RequestError(400, "the body is not UTF-8");
  return body.toString();
}

/**
 * The JSON value in `body`. Whole numbers beyond 2^53 come as BigInt when `model` has an input that can hold them.
 * @throws RequestError 400 when it is not JSON.
 */
export function parseJson(body: Buffer, model: ModelMetadata): unknown {
  const text = textOf(body);
  try {
    if (text.length >= LONG_NUMBER && hasLongIntegers(model) && /[0-9]{16}/.test(text))
      return JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown);
    return JSON.parse(text);
  } catch (error) {
    const why =
      text.trim() === ""
        ? "the body is empty"
        : error instanceof RangeError
          ? "it is nested too deeply"
          : (error as Error).message;
    throw new RequestError(400, `the body is not JSON: ${why}`);
  }
}

/** Digits of the smallest whole number that may not be exact: 2^53 has 16. */
const LONG_NUMBER = 16;

function hasLongIntegers({ inputs }: ModelMetadata): boolean {
  for (const { datatype } of inputs) if (datatype === "INT64" || datatype === "UINT64") return true;
  return false;
}

/** The third argument, the value as it was written, is newer than the library's types. */
function exactIntegers(_: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  return typeof value === "number" &&
    !Number.isSafeInteger(value) &&
    source !== undefined &&
    /^-?[0-9]+$/.test(source)
    ? BigInt(source)
    : value;
}

/** A JSON object, and no array or null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
