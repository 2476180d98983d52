import { RequestError } from "../errors";
import type { NumericData, Tensor } from "../tensor";

/** How a protocol writes elements. */
export interface Dialect {
  /** A number of FP32 or FP64 as JSON text. @throws RequestError 422 when the protocol has none for it. */
  readonly float: (value: number, tensor: Tensor, row: number) => string;
  /** Whether the texts of this output go out as `{"b64": …}`. */
  readonly isBinary?: (tensor: Tensor) => boolean;
}

/** Plain JSON has no number that isn't finite: a model that answers one can't cope with what it was asked. */
export const standardJson: Dialect = {
  float(value, tensor, row) {
    if (Number.isFinite(value)) return String(value);
    throw notFinite(tensor, row);
  },
};

export function notFinite({ name }: Tensor, row: number): RequestError {
  return new RequestError(
    422,
    `the model's answer to row ${row} is not a finite number ("${name}")`,
  );
}

/** Row `row` of an output: its value, nested as its shape is. */
export function renderRow(tensor: Tensor, row: number, dialect: Dialect): string {
  const { shape } = tensor;
  let width = 1;
  for (let i = 1; i < shape.length; i++) width *= shape[i] ?? 0;
  return renderNested(tensor, row * width, width, 1, row, dialect);
}

/** The whole output, nested as its shape is. */
export function renderTensor(tensor: Tensor, dialect: Dialect): string {
  const rows: string[] = [];
  for (let row = 0; row < (tensor.shape[0] ?? 0); row++) rows.push(renderRow(tensor, row, dialect));
  return `[${rows.join(",")}]`;
}

function renderNested(
  tensor: Tensor,
  start: number,
  count: number,
  depth: number,
  row: number,
  dialect: Dialect,
): string {
  const { shape } = tensor;
  if (depth >= shape.length) return renderElements(tensor, start, 1, row, dialect);
  if (depth === shape.length - 1) return `[${renderElements(tensor, start, count, row, dialect)}]`;
  const parts = shape[depth] ?? 0;
  const size = count / parts;
  let text = "";
  for (let i = 0; i < parts; i++) {
    const part = renderNested(tensor, start + i * size, size, depth + 1, row, dialect);
    text += i === 0 ? part : `,${part}`;
  }
  return `[${text}]`;
}

/** `count` elements from `start` on, with commas between them. */
export function renderElements(
  tensor: Tensor,
  start: number,
  count: number,
  row: number,
  dialect: Dialect,
): string {
  const { datatype } = tensor;
  const end = start + count;
  let text = "";
  if (datatype === "FP32" || datatype === "FP64") {
    const data = tensor.data as Float32Array | Float64Array;
    for (let i = start; i < end; i++) {
      const element = dialect.float(data[i] ?? NaN, tensor, row);
      text += i === start ? element : `,${element}`;
    }
  } else if (datatype === "BYTES") {
    const data = tensor.data as readonly string[];
    const binary = dialect.isBinary?.(tensor) === true;
    for (let i = start; i < end; i++) {
      const element = renderText(data[i] ?? "", binary);
      text += i === start ? element : `,${element}`;
    }
  } else if (datatype === "BOOL") {
    const data = tensor.data as Uint8Array;
    for (let i = start; i < end; i++)
      text += `${i === start ? "" : ","}${data[i] === 0 ? "false" : "true"}`;
  } else {
    const data = tensor.data as NumericData;
    for (let i = start; i < end; i++) text += i === start ? String(data[i]) : `,${data[i] ?? ""}`;
  }
  return text;
}

function renderText(text: string, binary: boolean): string {
  return binary ? `{"b64":"${Buffer.from(text).toString("base64")}"}` : JSON.stringify(text);
}
