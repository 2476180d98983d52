import { type Element, flatten, readJsonElement, readRaw, wellFormed } from "./elements";
import { doubtOtherKeys, isBase64, isObject, type JsonObject, own, parseBody } from "./json";
import {
  BAD_REQUEST,
  type Expected,
  type InputTensor,
  type Judgement,
  MAX_BODY_BYTES,
  Reading,
  Refusal,
  UNCLEAR,
} from "./judgement";
import type { Signature } from "./signature";
import { completeRequest, matchInput, requestedOutputs } from "./tensors";

/**
 * `POST /v2/models/<model>/infer`.
 * @param headerLength what Inference-Header-Content-Length said: the JSON's bytes, behind which raw tensors follow
 */
export function judgeOpenInference(
  signature: Signature,
  version: string,
  body: Uint8Array,
  headerLength?: string,
): Judgement {
  const reading = new Reading();
  return reading.judge(() => {
    if (body.length > MAX_BODY_BYTES) throw new Refusal([413]);
    const length =
      headerLength === undefined ? body.length : readLength(headerLength, body.length, reading);
    const header = parseBody(body.subarray(0, length), reading);
    const raw = new RawData(body.subarray(length), headerLength !== undefined);
    return readRequest(signature, version, header, raw, reading);
  });
}

function readLength(text: string, bodyLength: number, reading: Reading): number {
  // An empty header is as good as none, or as bad as a wrong one.
  if (text === "") throw UNCLEAR;
  if (text.startsWith("0")) reading.doubt();
  if (!/^[0-9]+$/.test(text)) throw BAD_REQUEST;
  const length = Number(text);
  if (length > bodyLength) throw BAD_REQUEST;
  // Triton takes 0 for one raw input without any JSON.
  if (length === 0) throw UNCLEAR;
  return length;
}

/** The bytes behind the JSON, handed out in the order of the inputs. */
class RawData {
  private at = 0;
  constructor(
    private readonly bytes: Uint8Array,
    private readonly announced: boolean,
  ) {}

  take(size: unknown): Uint8Array {
    if (!this.announced || typeof size !== "number" || !Number.isInteger(size) || size < 0)
      throw BAD_REQUEST;
    if (this.at + size > this.bytes.length) throw BAD_REQUEST;
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  finish(): void {
    if (this.at !== this.bytes.length) throw BAD_REQUEST;
  }
}

function readRequest(
  signature: Signature,
  version: string,
  request: unknown,
  raw: RawData,
  reading: Reading,
): Expected {
  if (!isObject(request)) throw BAD_REQUEST;
  doubtOtherKeys(request, ["id", "inputs", "outputs", "parameters"], reading);
  const id = own(request, "id");
  if (id !== undefined && typeof id !== "string") reading.doubt();
  if (typeof id === "string" && wellFormed(id) !== id) reading.doubt();
  doubtParameters(own(request, "parameters"), ["binary_data_output"], reading);
  const tensors = own(request, "inputs");
  if (!Array.isArray(tensors) || tensors.length === 0) throw BAD_REQUEST;
  const inputs = new Map<string, InputTensor>();
  for (const tensor of tensors as unknown[]) {
    const [name, input] = readInput(signature, tensor, raw, reading);
    if (inputs.has(name)) throw BAD_REQUEST;
    inputs.set(name, input);
  }
  raw.finish();
  const requested = readOutputs(signature, own(request, "outputs"), reading);
  return {
    ...completeRequest(signature, version, inputs),
    ...(requested === undefined ? {} : { requested }),
    ...(typeof id === "string" ? { id } : {}),
  };
}

function readInput(
  signature: Signature,
  tensor: unknown,
  raw: RawData,
  reading: Reading,
): [string, InputTensor] {
  if (!isObject(tensor)) throw BAD_REQUEST;
  doubtOtherKeys(tensor, ["name", "shape", "datatype", "data", "parameters"], reading);
  const name = own(tensor, "name");
  const sizes = own(tensor, "shape");
  if (typeof name !== "string" || !Array.isArray(sizes)) throw BAD_REQUEST;
  for (const size of sizes as unknown[]) if (!Number.isInteger(size)) throw BAD_REQUEST;
  const parameters = own(tensor, "parameters");
  doubtParameters(parameters, ["binary_data_size"], reading);
  const size = isObject(parameters) ? own(parameters, "binary_data_size") : undefined;
  const data = own(tensor, "data");
  const { spec, shape, count } = matchInput(
    signature,
    { name, datatype: own(tensor, "datatype"), shape: sizes as number[] },
    reading,
  );
  if (size !== undefined) {
    // Both: one too many. Triton refuses it, others take the bytes.
    if (data !== undefined) reading.doubt();
    return [name, { shape, elements: readRaw(spec.datatype, raw.take(size), count, reading) }];
  }
  const leaf = (value: unknown): Element => {
    // TensorFlow's form of bytes: of another protocol, and as plain as any.
    if (spec.datatype === "BYTES" && isBase64(value)) throw UNCLEAR;
    return readJsonElement(spec.datatype, value, reading);
  };
  return [name, { shape, elements: readData(data, shape, count, leaf) }];
}

/** Flat, or nested as the shape says; something in between is a matter of taste. */
function readData(
  data: unknown,
  shape: readonly number[],
  count: number,
  leaf: (value: unknown) => Element,
): Element[] {
  if (!Array.isArray(data)) throw BAD_REQUEST;
  const elements: Element[] = [];
  if (!data.some(Array.isArray)) {
    if (data.length !== count) throw BAD_REQUEST;
    for (const value of data) elements.push(leaf(value));
    return elements;
  }
  const flat = data.flat(shape.length) as unknown[];
  if (flat.length !== count || flat.some(Array.isArray)) throw BAD_REQUEST;
  for (const value of flat) leaf(value);
  try {
    flatten(data, [...shape], 0, leaf, elements);
  } catch {
    throw UNCLEAR;
  }
  return elements;
}

function readOutputs(
  signature: Signature,
  outputs: unknown,
  reading: Reading,
): readonly string[] | undefined {
  if (outputs === undefined) return undefined;
  if (!Array.isArray(outputs)) throw BAD_REQUEST;
  if (outputs.length === 0) throw UNCLEAR;
  const names = (outputs as unknown[]).map((output) => {
    if (!isObject(output)) throw BAD_REQUEST;
    doubtOtherKeys(output, ["name", "parameters"], reading);
    doubtParameters(own(output, "parameters"), ["binary_data"], reading);
    const name = own(output, "name");
    if (typeof name !== "string") throw BAD_REQUEST;
    return name;
  });
  return requestedOutputs(signature, names, reading);
}

/** Parameters that this server need not know, or of a kind that it can't. */
function doubtParameters(value: unknown, known: readonly string[], reading: Reading): void {
  if (value === undefined) return;
  if (!isObject(value)) {
    reading.doubt();
    return;
  }
  doubtOtherKeys(value, known, reading);
  for (const name of ["binary_data", "binary_data_output"])
    if (known.includes(name) && typeof (own(value, name) ?? false) !== "boolean") reading.doubt();
}

/** Whether the answer's tensors come as raw bytes: said for all, and for each one that is named. */
export function wantsBinary(request: JsonObject, output: string): boolean {
  const outputs = own(request, "outputs");
  const named = Array.isArray(outputs)
    ? (outputs as unknown[]).find((one) => isObject(one) && one["name"] === output)
    : undefined;
  const ownParameters = isObject(named) ? own(named, "parameters") : undefined;
  const binary = isObject(ownParameters) ? own(ownParameters, "binary_data") : undefined;
  const parameters = own(request, "parameters");
  return Boolean(
    binary ?? (isObject(parameters) ? own(parameters, "binary_data_output") : undefined),
  );
}
