import { RequestError } from "../errors";
import type { InputMetadata } from "../model-metadata";
import { DATATYPES, type Tensor, type TensorData } from "../tensor";
import { kindOf, shorten } from "./faults";
import { elementKinds, MAX_FLOAT32, type ElementKind } from "./json-elements";
import { isObject } from "./json-body";

/** Where rows are in a request: row 2 of `instances` is `instances[2]`; the one row of `instance` is bare. */
export interface Place {
  readonly path: string;
  readonly bare?: boolean;
}

/**
 * Rows as the tensors of a model's inputs. A row of a model with one input is that input's value; of several, or when it
 * is an object of values by name, it has each of them.
 * @param length of the body: it can't have more elements than characters, whatever the shape
 * @throws RequestError 400 naming the element that doesn't fit.
 */
export function readRows(
  inputs: readonly InputMetadata[],
  rows: readonly unknown[],
  place: Place,
  length: number,
  named = inputs.length > 1,
): Tensor[] {
  const [first] = inputs;
  if (!named && first !== undefined) return [readInput(first, rows, place, length)];
  for (let i = 0; i < rows.length; i++) checkNames(inputs, rows[i], rowPath(place, i));
  return inputs.map((input) => {
    const own = rows.map((row) => (row as Record<string, unknown>)[input.name]);
    return readInput(input, own, place, length, `.${input.name}`);
  });
}

/**
 * One input's rows.
 * @param suffix of each row's path, when the input is a member of the row
 */
export function readInput(
  input: InputMetadata,
  rows: readonly unknown[],
  place: Place,
  length: number,
  suffix = "",
): Tensor {
  const shape = input.shape.slice();
  shape[0] = rows.length;
  let open = rows[0];
  for (let i = 1; i < shape.length; i++) {
    if (shape[i] === -1) shape[i] = Array.isArray(open) ? open.length : 1;
    open = Array.isArray(open) ? (open[0] as unknown) : undefined;
  }
  const { name, datatype } = input;
  const data =
    (datatype === "FP32" && shape.length === 2 ? floats(rows, shape[1] ?? 0, length) : undefined) ??
    new Reading(input, shape, place, suffix, length).rows(rows);
  return { name, datatype, shape, data };
}

/** What most models' rows are, as fast as can be; undefined when there is anything else among them. */
function floats(rows: readonly unknown[], width: number, length: number): Float32Array | undefined {
  const data = new Float32Array(Math.min(rows.length * width, length));
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!Array.isArray(row) || row.length !== width || width === 0) return undefined;
    for (let j = 0; j < width; j++) {
      const value: unknown = row[j];
      if (!(typeof value === "number" && value <= MAX_FLOAT32 && value >= -MAX_FLOAT32))
        return undefined;
      data[at++] = value;
    }
  }
  return data;
}

class Reading {
  private readonly data: TensorData;
  private readonly kind: ElementKind;
  /** Where in the value `fill` is, to name what is wrong. */
  private readonly index: number[];
  private at = 0;

  constructor(
    private readonly input: InputMetadata,
    private readonly shape: readonly number[],
    private readonly place: Place,
    private readonly suffix: string,
    length: number,
  ) {
    let elements = 1;
    for (const size of shape) elements *= size;
    this.data = new DATATYPES[input.datatype].array(Math.min(elements, length));
    this.kind = elementKinds[input.datatype];
    this.index = [];
  }

  rows(rows: readonly unknown[]): TensorData {
    for (let i = 0; i < rows.length; i++) {
      this.index[0] = i;
      this.fill(rows[i], 1);
    }
    return this.data;
  }

  private fill(value: unknown, depth: number): void {
    if (depth === this.shape.length) {
      if (!this.kind.put(this.data, this.at++, value)) throw this.wrongElement(value, depth);
      return;
    }
    if (!Array.isArray(value) || value.length !== this.shape[depth] || value.length === 0)
      throw this.wrongLength(value, depth);
    for (let i = 0; i < value.length; i++) {
      this.index[depth] = i;
      this.fill(value[i], depth + 1);
    }
  }

  private wrongElement(value: unknown, depth: number): RequestError {
    const { datatype, features } = this.input;
    const feature = features?.[this.index[1] ?? 0];
    const what = feature === undefined ? "" : ` (${feature})`;
    const number = typeof value === "number" || typeof value === "bigint";
    const got = !number
      ? kindOf(value)
      : datatype.startsWith("FP")
        ? `one beyond ${datatype === "FP32" ? "float32" : "float64"}`
        : String(value);
    return new RequestError(
      400,
      `${this.kind.needed}${what} is needed, got ${got}`,
      this.path(depth),
    );
  }

  private wrongLength(value: unknown, depth: number): RequestError {
    const { datatype, features } = this.input;
    const size = this.shape[depth] ?? 0;
    const got = Array.isArray(value) ? `${value.length}` : kindOf(value);
    const last = depth === this.shape.length - 1;
    const what = last ? (datatype === "BYTES" ? "texts" : "numbers") : "arrays";
    const names = features === undefined ? "" : ` (${features.join(", ")})`;
    const needed =
      size === 0 || (!Array.isArray(value) && this.input.shape[depth] === -1)
        ? `an array of ${what}, one at least, is needed`
        : `${size} ${what}${names} are needed`;
    return new RequestError(400, `${needed}, got ${got}`, this.path(depth));
  }

  /** `depth` indices into the value, the first of them its row. */
  private path(depth: number): string {
    const row = rowPath(this.place, this.index[0] ?? 0);
    const inside = this.index.slice(1, depth).map((i) => `[${i}]`);
    return `${row}${this.suffix}${inside.join("")}`;
  }
}

export function rowPath({ path, bare }: Place, row: number): string {
  return bare === true ? path : `${path}[${row}]`;
}

/** @throws RequestError 400 unless `row` is an object of exactly the model's inputs. */
function checkNames(inputs: readonly InputMetadata[], row: unknown, path: string): void {
  const names = () => inputs.map(({ name }) => `"${name}"`).join(", ");
  if (!isObject(row))
    throw new RequestError(400, `an object of ${names()} is needed, got ${kindOf(row)}`, path);
  for (const key in row)
    if (!inputs.some(({ name }) => name === key))
      throw new RequestError(
        400,
        `no input "${shorten(key)}"; the model takes ${names()}`,
        `${path}.${shorten(key)}`,
      );
  for (const { name } of inputs)
    if (!Object.hasOwn(row, name))
      throw new RequestError(400, `input "${name}" is missing`, `${path}.${name}`);
}
