import type { ServedVersion } from "../data-plane";
import { RequestError } from "../errors";
import type { Tensor } from "../tensor";
import { kindOf, quote, shorten } from "./faults";
import { isObject, parseJson } from "./json-body";
import { isBase64 } from "./json-elements";
import { readInput, readRows, type Place } from "./json-rows";
import { renderRow, renderTensor, type Dialect } from "./json-values";
import { checkRows } from "./plain";

/** TensorFlow Serving's predict request: its tensors, and whether they came row by row or as columns. */
export interface PredictRequest {
  readonly tensors: readonly Tensor[];
  readonly format: "row" | "column";
}

const INSTANCES: Place = { path: "instances" };

/** The one signature a model has here. */
export const SIGNATURE = "serving_default";

/**
 * Unknown fields are ignored, as TensorFlow Serving does.
 * @throws RequestError 400 naming the field, 413 when there are more than `maxRows` rows.
 */
export function parsePredict(
  body: Buffer,
  { metadata }: ServedVersion,
  maxRows: number,
): PredictRequest {
  const value = parseJson(body, metadata);
  if (!isObject(value)) throw new RequestError(400, `an object is needed, got ${kindOf(value)}`);
  const { signature_name: signature, instances, inputs } = value;
  if (signature !== undefined && signature !== SIGNATURE && signature !== "")
    throw new RequestError(
      400,
      `the model's one signature is "${SIGNATURE}", got ${typeof signature === "string" ? quote(signature) : kindOf(signature)}`,
      "signature_name",
    );
  if ((instances === undefined) === (inputs === undefined))
    throw new RequestError(400, `either "instances" or "inputs" is needed`);
  if (inputs !== undefined)
    return {
      tensors: readColumns(inputs, metadata.inputs, maxRows, body.length),
      format: "column",
    };
  if (!Array.isArray(instances))
    throw new RequestError(400, `an array is needed, got ${kindOf(instances)}`, "instances");
  checkRows(instances, maxRows);
  const [row] = instances as unknown[];
  const named = metadata.inputs.length > 1 || (isObject(row) && !isBase64(row));
  return {
    tensors: readRows(metadata.inputs, instances, INSTANCES, body.length, named),
    format: "row",
  };
}

/** One tensor without its name, or an object of tensors by name. */
function readColumns(
  value: unknown,
  inputs: ServedVersion["metadata"]["inputs"],
  maxRows: number,
  length: number,
): Tensor[] {
  const names = inputs.map(({ name }) => `"${name}"`).join(", ");
  if (!isObject(value) || isBase64(value)) {
    if (inputs.length > 1)
      throw new RequestError(
        400,
        `an object of ${names} is needed, got ${kindOf(value)}`,
        "inputs",
      );
    return [readColumn(value, inputs[0], "inputs", maxRows, length)];
  }
  for (const key in value)
    if (!inputs.some(({ name }) => name === key))
      throw new RequestError(
        400,
        `no input ${quote(key)}; the model takes ${names}`,
        `inputs.${shorten(key)}`,
      );
  const tensors = inputs.map((input) => {
    if (!Object.hasOwn(value, input.name))
      throw new RequestError(400, `input "${input.name}" is missing`, `inputs.${input.name}`);
    return readColumn(value[input.name], input, `inputs.${input.name}`, maxRows, length);
  });
  const [first] = tensors;
  for (const { name, shape } of tensors)
    if (shape[0] !== first?.shape[0])
      throw new RequestError(
        400,
        `every input has the same number of rows: "${first?.name ?? ""}" has ${first?.shape[0] ?? 0}, "${name}" ${shape[0] ?? 0}`,
        `inputs.${name}`,
      );
  return tensors;
}

function readColumn(
  value: unknown,
  input: ServedVersion["metadata"]["inputs"][0],
  path: string,
  maxRows: number,
  length: number,
): Tensor {
  if (!Array.isArray(value))
    throw new RequestError(400, `an array of rows is needed, got ${kindOf(value)}`, path);
  if (value.length === 0) throw new RequestError(400, "at least one row is needed", path);
  if (value.length > maxRows)
    throw new RequestError(
      413,
      `at most ${maxRows} rows in one request, got ${value.length}`,
      path,
    );
  return readInput(input, value, { path }, length);
}

/** TensorFlow Serving's own rules: a whole float keeps its point, what isn't finite has its token, `…_bytes` is base64. */
const dialect: Dialect = {
  float(value) {
    const text = String(value);
    return Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
  },
  isBinary: ({ name }) => name.endsWith("_bytes"),
};

/** `predictions` for rows, `outputs` for columns; the outputs' names only where there are several. */
export function renderPredict(
  outputs: readonly Tensor[],
  format: PredictRequest["format"],
): string {
  if (format === "column") return `{"outputs":${renderColumns(outputs)}}`;
  const rows = outputs[0]?.shape[0] ?? 0;
  let text = "";
  for (let row = 0; row < rows; row++)
    text += `${row === 0 ? "" : ","}${renderOne(outputs, (tensor) => renderRow(tensor, row, dialect))}`;
  return `{"predictions":[${text}]}`;
}

function renderColumns(outputs: readonly Tensor[]): string {
  return renderOne(outputs, (tensor) => renderTensor(tensor, dialect));
}

function renderOne(outputs: readonly Tensor[], render: (tensor: Tensor) => string): string {
  const [first] = outputs;
  if (outputs.length === 1 && first !== undefined) return render(first);
  const members = outputs.map((tensor) => `${JSON.stringify(tensor.name)}:${render(tensor)}`);
  return `{${members.join(",")}}`;
}
