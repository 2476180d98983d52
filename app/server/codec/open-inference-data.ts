import { RequestError } from "../errors";
import type { InputMetadata } from "../model-metadata";
import { DATATYPES, type TensorData } from "../tensor";
import { kindOf } from "./faults";
import { elementKinds } from "./json-elements";

/**
 * The elements of an input: in one flat list, or nested as its shape is.
 * @param elements the shape's product
 * @throws RequestError 400 naming the element that doesn't fit.
 */
export function readData(
  value: unknown,
  { datatype }: InputMetadata,
  shape: readonly number[],
  elements: number,
  field: string,
): TensorData {
  if (!Array.isArray(value))
    throw new RequestError(400, `an array is needed, got ${kindOf(value)}`, field);
  const nested = shape.length > 1 && Array.isArray(value[0]);
  const flat = nested ? flatten(value, shape, field) : value;
  if (flat.length !== elements)
    throw new RequestError(
      400,
      `${elements} elements are needed for shape [${shape.join(",")}], got ${flat.length}`,
      field,
    );
  const data: TensorData = new DATATYPES[datatype].array(elements);
  const kind = elementKinds[datatype];
  for (let i = 0; i < elements; i++)
    if (!kind.put(data, i, flat[i])) {
      const element: unknown = flat[i];
      const got = typeof element === "number" ? String(element) : kindOf(element);
      throw new RequestError(
        400,
        `${kind.needed} is needed, got ${got}`,
        field + (nested ? indices(i, shape) : `[${i}]`),
      );
    }
  return data;
}

/** @throws RequestError 400 unless `value` is nested as `shape` is. */
function flatten(value: readonly unknown[], shape: readonly number[], field: string): unknown[] {
  let level: unknown[] = [value];
  for (let depth = 0; depth < shape.length; depth++) {
    const size = shape[depth] ?? 0;
    const next: unknown[] = [];
    for (const [i, part] of level.entries()) {
      if (!Array.isArray(part) || part.length !== size) {
        const got = Array.isArray(part) ? `one of ${part.length}` : kindOf(part);
        throw new RequestError(
          400,
          `an array of ${size} is needed, got ${got}`,
          field + indices(i, shape.slice(0, depth)),
        );
      }
      for (const element of part) next.push(element);
    }
    level = next;
  }
  return level;
}

/** Where element `flat` is in an array of `shape`, such as `[1][3]`. */
function indices(flat: number, shape: readonly number[]): string {
  let text = "";
  let rest = flat;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] ?? 1;
    text = `[${rest % size}]${text}`;
    rest = Math.floor(rest / size);
  }
  return text;
}
