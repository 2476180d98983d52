import type { ServedVersion } from "../data-plane";
import { RequestError } from "../errors";
import type { InputMetadata } from "../model-metadata";
import type { Tensor } from "../tensor";
import { BinaryBody } from "./binary";
import { checkHeader, checkInputs, expectedInput } from "./check-inputs";
import { kindOf } from "./faults";
import { isObject, parseJson } from "./json-body";
import { renderElements, standardJson } from "./json-values";
import { readData } from "./open-inference-data";
import { parametersOf, readOutputs, type WantedOutput } from "./open-inference-outputs";
import { renderRaw } from "./raw";

export interface InferRequest {
  /** To be given back. */
  readonly id: string | undefined;
  readonly tensors: readonly Tensor[];
  readonly outputs: readonly WantedOutput[];
}

/**
 * The Open Inference Protocol's infer request, with the binary data extension. Unknown fields and parameters are ignored:
 * clients send some that only concern other servers.
 * @param jsonLength the header Inference-Header-Content-Length, when there is one
 * @throws RequestError 400 naming the field, 413 when there are more than `maxRows` rows.
 */
export function parseInfer(
  body: Buffer,
  jsonLength: string | undefined,
  { metadata }: ServedVersion,
  maxRows: number,
): InferRequest {
  const parts = BinaryBody.of(body, jsonLength);
  const value = parseJson(parts.json, metadata);
  if (!isObject(value)) throw new RequestError(400, `an object is needed, got ${kindOf(value)}`);
  const { id, inputs, outputs } = value;
  if (id !== undefined && typeof id !== "string")
    throw new RequestError(400, `a text is needed, got ${kindOf(id)}`, "id");
  const { binary_data_output: binary } = parametersOf(value, "");
  if (!Array.isArray(inputs))
    throw new RequestError(400, `an array is needed, got ${kindOf(inputs)}`, "inputs");
  const names = new Set<string>();
  const tensors = inputs.map((input: unknown, i) =>
    readInput(input, `inputs[${i}]`, metadata.inputs, names, parts, maxRows),
  );
  parts.end();
  checkInputs(metadata, tensors, maxRows);
  return { id, tensors, outputs: readOutputs(outputs, metadata.outputs, binary === true) };
}

function readInput(
  value: unknown,
  field: string,
  expected: readonly InputMetadata[],
  names: Set<string>,
  parts: BinaryBody,
  maxRows: number,
): Tensor {
  if (!isObject(value))
    throw new RequestError(400, `an object is needed, got ${kindOf(value)}`, field);
  const { name, datatype, shape, data } = value;
  if (typeof name !== "string")
    throw new RequestError(400, `a text is needed, got ${kindOf(name)}`, `${field}.name`);
  const input = expectedInput(expected, name, names, field);
  if (typeof datatype !== "string")
    throw new RequestError(400, `a text is needed, got ${kindOf(datatype)}`, `${field}.datatype`);
  const sizes = readShape(shape, `${field}.shape`);
  const elements = checkHeader(input, { datatype, shape: sizes }, field, maxRows);
  const parameters = parametersOf(value, `${field}.`);
  if (parameters["shared_memory_region"] !== undefined)
    throw new RequestError(
      400,
      "shared memory is not served: send the data",
      `${field}.parameters.shared_memory_region`,
    );
  const { binary_data_size: size } = parameters;
  if ((data === undefined) === (size === undefined))
    throw new RequestError(
      400,
      'either "data" or the parameter "binary_data_size" is needed',
      `${field}.data`,
    );
  return {
    name,
    datatype: input.datatype,
    shape: sizes,
    data:
      size === undefined
        ? readData(data, input, sizes, elements, `${field}.data`)
        : parts.take(size, input, elements, field),
  };
}

function readShape(shape: unknown, field: string): number[] {
  if (!Array.isArray(shape))
    throw new RequestError(400, `an array of sizes is needed, got ${kindOf(shape)}`, field);
  return shape.map((size: unknown, i) => {
    if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
    const got = typeof size === "number" ? size : kindOf(size);
    throw new RequestError(400, `a whole number is needed, got ${got}`, `${field}[${i}]`);
  });
}

/** An answer; with binary data, the length of the JSON in front of them. */
export interface InferAnswer {
  readonly body: string | Buffer;
  readonly jsonLength?: number;
}

/** @throws RequestError 422 when the model answered a number that JSON has no word for. */
export function renderInfer(
  served: ServedVersion,
  { id, outputs: wanted }: InferRequest,
  outputs: readonly Tensor[],
): InferAnswer {
  const binaries: Buffer[] = [];
  let text = id === undefined ? "{" : `{"id":${JSON.stringify(id)},`;
  text += `"model_name":${JSON.stringify(served.metadata.name)},"model_version":${JSON.stringify(served.version)},"outputs":[`;
  for (let i = 0; i < wanted.length; i++) {
    const { index, binary } = wanted[i] as WantedOutput;
    const tensor = outputs[index] as Tensor;
    text += `${i === 0 ? "" : ","}{"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(",")}],`;
    if (binary) {
      const bytes = renderRaw(tensor);
      binaries.push(bytes);
      text += `"parameters":{"binary_data_size":${bytes.length}}}`;
    } else text += `"data":[${renderData(tensor)}]}`;
  }
  text += "]}";
  if (binaries.length === 0) return { body: text };
  const json = Buffer.from(text);
  return { body: Buffer.concat([json, ...binaries]), jsonLength: json.length };
}

function renderData(tensor: Tensor): string {
  const rows = tensor.shape[0] ?? 0;
  const width = tensor.data.length / rows;
  let text = "";
  for (let row = 0; row < rows; row++)
    text += `${row === 0 ? "" : ","}${renderElements(tensor, row * width, width, row, standardJson)}`;
  return text;
}
