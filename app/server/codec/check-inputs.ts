import { RequestError } from "../errors";
import type { InputMetadata, ModelMetadata } from "../model-metadata";
import type { Tensor } from "../tensor";
import { quote } from "./faults";

/**
 * Checks tensors as a request named them against what the model takes: each input once, its datatype and shape, as many
 * elements as the shape says, finite numbers, the same number of rows in all.
 * @param maxRows of one request
 * @throws RequestError 400, or 413 for too many rows, with a field such as `inputs[0].data[3]`: `inputs` by position.
 */
export function checkInputs(
  { inputs }: ModelMetadata,
  tensors: readonly Tensor[],
  maxRows: number,
): void {
  const names = new Set<string>();
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i] as Tensor;
    const field = `inputs[${i}]`;
    checkTensor(expectedInput(inputs, tensor.name, names, field), tensor, field, maxRows);
    const [first] = tensors;
    if (tensor.shape[0] !== first?.shape[0])
      throw new RequestError(
        400,
        `every input has the same number of rows: "${first?.name ?? ""}" has ${first?.shape[0] ?? 0}, "${tensor.name}" ${tensor.shape[0] ?? 0}`,
        `${field}.shape[0]`,
      );
  }
  for (const { name } of inputs)
    if (!names.has(name)) throw new RequestError(400, `input "${name}" is missing`, "inputs");
}

/**
 * The model's input called `name`, noted in `names`.
 * @throws RequestError 400 when the model has none such, or it is in `names` already.
 */
export function expectedInput(
  inputs: readonly InputMetadata[],
  name: string,
  names: Set<string>,
  field: string,
): InputMetadata {
  const expected = inputs.find((input) => input.name === name);
  if (expected === undefined)
    throw new RequestError(
      400,
      `no input ${quote(name)}; the model takes ${inputs.map((input) => `"${input.name}"`).join(", ")}`,
      `${field}.name`,
    );
  if (names.has(name))
    throw new RequestError(400, `input "${name}" is there twice`, `${field}.name`);
  names.add(name);
  return expected;
}

/**
 * What can be told of a tensor before its data are read.
 * @returns how many elements it has
 * @throws RequestError 400, or 413 for more than `maxRows` rows.
 */
export function checkHeader(
  expected: InputMetadata,
  { datatype, shape }: { readonly datatype: string; readonly shape: readonly number[] },
  field: string,
  maxRows: number,
): number {
  if (datatype !== expected.datatype)
    throw new RequestError(
      400,
      `datatype ${expected.datatype} is needed, got ${quote(datatype)}`,
      `${field}.datatype`,
    );
  const fits =
    shape.length === expected.shape.length &&
    shape.every((size, i) => {
      const wanted = expected.shape[i];
      return Number.isSafeInteger(size) && size > 0 && (wanted === -1 || wanted === size);
    });
  if (!fits)
    throw new RequestError(
      400,
      `shape [${expected.shape.join(",")}] is needed, where -1 is any size from 1, got [${shape.slice(0, 8).join(",")}${shape.length > 8 ? ",…" : ""}]`,
      `${field}.shape`,
    );
  const [rows = 0] = shape;
  if (rows > maxRows)
    throw new RequestError(
      413,
      `at most ${maxRows} rows in one request, got ${rows}`,
      `${field}.shape[0]`,
    );
  return shape.reduce((product, size) => product * size, 1);
}

function checkTensor(
  expected: InputMetadata,
  tensor: Tensor,
  field: string,
  maxRows: number,
): void {
  const elements = checkHeader(expected, tensor, field, maxRows);
  const { datatype, shape, data } = tensor;
  if (data.length !== elements)
    throw new RequestError(
      400,
      `${elements} elements are needed for shape [${shape.join(",")}], got ${data.length}`,
      `${field}.data`,
    );
  if (datatype === "FP32" || datatype === "FP64") checkFinite(data as Float32Array, field);
  else if (datatype === "BOOL") checkBooleans(data as Uint8Array, field);
}

function checkFinite(data: Float32Array | Float64Array, field: string): void {
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i]))
      throw new RequestError(
        400,
        `a finite number is needed, got ${data[i] ?? ""}`,
        `${field}.data[${i}]`,
      );
}

function checkBooleans(data: Uint8Array, field: string): void {
  for (let i = 0; i < data.length; i++)
    if ((data[i] ?? 0) > 1)
      throw new RequestError(400, `0 or 1 is needed, got ${data[i] ?? ""}`, `${field}.data[${i}]`);
}
