import { checkHeader, checkInputs, expectedInput } from "../../codec/check-inputs";
import { quote } from "../../codec/faults";
import { parseRaw, parseText, renderRaw } from "../../codec/raw";
import type { ServedVersion } from "../../data-plane";
import { RequestError } from "../../errors";
import type { ModelMetadata } from "../../model-metadata";
import { DATATYPES, type Datatype, type Tensor, type TensorData } from "../../tensor";
import type { InferTensorContents, ModelInferRequest, ModelInferResponse } from "./messages";

type List = keyof InferTensorContents;

/** Where the elements of a datatype are when they aren't raw. */
const LISTS: Readonly<Record<Datatype, List>> = {
  BOOL: "bool_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  FP32: "fp32_contents",
  FP64: "fp64_contents",
  BYTES: "bytes_contents",
};

/** Parameters that ask for something else than the tensors themselves: ignored, they would yield a wrong answer. */
const UNSUPPORTED = ["shared_memory_region", "classification"];

/**
 * The tensors of a request, as raw bytes or as lists, checked against what the model takes.
 * @param maxRows of one request
 * @throws RequestError 400 naming the field, 413 for too many rows.
 */
export function requestTensors(
  { inputs, raw_input_contents: raw }: ModelInferRequest,
  metadata: ModelMetadata,
  maxRows: number,
): Tensor[] {
  if (raw.length > 0 && raw.length !== inputs.length)
    throw new RequestError(
      400,
      `${inputs.length} are needed, one for each input, got ${raw.length}`,
      "raw_input_contents",
    );
  const names = new Set<string>();
  const tensors = inputs.map(({ name, datatype, shape, contents, parameters }, i): Tensor => {
    const field = `inputs[${i}]`;
    const expected = expectedInput(metadata.inputs, name, names, field);
    refuseUnsupported(parameters, field);
    const header = {
      name,
      datatype: expected.datatype,
      shape: shape.map((size) => Number(size.toString())),
    };
    const elements = checkHeader(expected, { ...header, datatype }, field, maxRows);
    const bytes = raw[i];
    if (bytes === undefined)
      return { ...header, data: contents === null ? [] : listed(header, contents, field) };
    if (contents !== null && LIST_NAMES.some((list) => contents[list].length > 0))
      throw new RequestError(400, "can't be set beside raw_input_contents", `${field}.contents`);
    return {
      ...header,
      data: parseRaw(header.datatype, bytes, elements, `raw_input_contents[${i}]`),
    };
  });
  checkInputs(metadata, tensors, maxRows);
  return tensors;
}

/**
 * Which of the model's outputs the request wants, as indices into them.
 * @throws RequestError 400 naming the field.
 */
export function requestedOutputs(
  { outputs }: ModelInferRequest,
  { metadata }: ServedVersion,
): number[] {
  if (outputs.length === 0) return metadata.outputs.map((_, i) => i);
  return outputs.map(({ name, parameters }, i) => {
    refuseUnsupported(parameters, `outputs[${i}]`);
    const index = metadata.outputs.findIndex((output) => output.name === name);
    if (index !== -1) return index;
    const known = metadata.outputs.map((output) => output.name).join(", ");
    throw new RequestError(
      400,
      `no output ${quote(name)}; the model answers ${known}`,
      `outputs[${i}].name`,
    );
  });
}

/** The answer: raw when the request was raw, lists otherwise. */
export function inferResponse(
  request: ModelInferRequest,
  { metadata, version }: ServedVersion,
  tensors: readonly Tensor[],
): ModelInferResponse {
  const raw = request.raw_input_contents.length > 0;
  return {
    model_name: metadata.name,
    model_version: version,
    id: request.id,
    outputs: tensors.map(({ name, datatype, shape, data }) => ({
      name,
      datatype,
      shape,
      ...(raw ? {} : { contents: { [LISTS[datatype]]: toList(data) } }),
    })),
    ...(raw ? { raw_output_contents: tensors.map(renderRaw) } : {}),
  };
}

const LIST_NAMES = [...new Set(Object.values(LISTS))];

function listed(
  { datatype }: Pick<Tensor, "datatype">,
  contents: InferTensorContents,
  input: string,
): TensorData {
  const field = `${input}.contents`;
  const own = LISTS[datatype];
  const stray = LIST_NAMES.find((list) => list !== own && contents[list].length > 0);
  if (stray !== undefined)
    throw new RequestError(400, `${datatype} is in ${own}, got ${stray}`, field);
  switch (datatype) {
    case "BYTES":
      return contents.bytes_contents.map((bytes, i) => parseText(bytes, i, field));
    case "INT64":
      return BigInt64Array.from(contents.int64_contents, toBigInt);
    case "UINT64":
      return BigUint64Array.from(contents.uint64_contents, toBigInt);
    case "BOOL":
      return Uint8Array.from(contents.bool_contents, Number);
    case "FP32":
      return Float32Array.from(contents.fp32_contents);
    case "FP64":
      return Float64Array.from(contents.fp64_contents);
    default:
      return integers(
        datatype,
        own === "int_contents" ? contents[own] : contents.uint_contents,
        field,
      );
  }
}

/** @throws RequestError 400 when an element is beyond `datatype`: its list has room for 32 bits. */
function integers(
  datatype: "INT8" | "INT16" | "INT32" | "UINT8" | "UINT16" | "UINT32",
  values: readonly number[],
  field: string,
): TensorData {
  const data = DATATYPES[datatype].array.from(values);
  const beyond = values.findIndex((value, i) => value !== data[i]);
  if (beyond === -1) return data;
  throw new RequestError(
    400,
    `element ${beyond} is ${String(values[beyond])}, which is no ${datatype}`,
    field,
  );
}

function toList(data: TensorData): ArrayLike<number | string | Uint8Array> {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return Array.from(data, String);
  return isText(data) ? data.map((text) => Buffer.from(text)) : data;
}

function toBigInt(value: { toString(): string }): bigint {
  return BigInt(value.toString());
}

function isText(data: Exclude<TensorData, BigInt64Array | BigUint64Array>): data is string[] {
  return Array.isArray(data);
}

function refuseUnsupported(parameters: object, field: string): void {
  const asked = UNSUPPORTED.find((name) => Object.hasOwn(parameters, name));
  if (asked === undefined) return;
  throw new RequestError(400, "is not supported here", `${field}.parameters.${asked}`);
}
