import {
  type Field,
  FIXED32,
  FIXED64,
  LENGTH_DELIMITED,
  readFields,
  readPacked,
  VARINT,
} from "../wire/protobuf";
import { DATATYPES, type Datatype } from "../../../app/server/tensor";
import { type Element, is64, readNumber, readRaw, readUtf8 } from "./elements";
import {
  BAD_REQUEST,
  type InputTensor,
  type Judgement,
  Refusal,
  Reading,
  UNCLEAR,
} from "./judgement";
import type { Signature, TensorSpec } from "./signature";
import { completeRequest, matchInput, requestedOutputs } from "./tensors";

/** What else is wrong with the message may be told first. */
const NO_SUCH_MODEL = new Refusal([404, 400]);

/** Which field of InferTensorContents holds a datatype. */
export const CONTENTS_FIELD: Readonly<Record<Datatype, number>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

/**
 * A ModelInferRequest. What is no well-formed message (or has fields that the protocol doesn't) is doubtful: how a library
 * reads it is not ours to say.
 * @param signatures by model name; a version that the model doesn't have is refused with 404
 */
export function judgeModelInfer(
  signatures: ReadonlyMap<string, Signature>,
  message: Uint8Array,
): Judgement {
  const reading = new Reading();
  return reading.judge(() => {
    const fields = wellFormed(message, { 1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2 });
    // Parameters are for others; a map's entries have too many forms to care.
    if (fields.some(({ field }) => field === 4)) reading.doubt();
    const id = text(fields, 3);
    const model = text(fields, 1);
    // Without a name the server may know which model is meant.
    if (model === "") throw UNCLEAR;
    const signature = signatures.get(model);
    if (signature === undefined) throw NO_SUCH_MODEL;
    const version = text(fields, 2) || (signature.versions[0] ?? "");
    if (!signature.versions.includes(version)) throw NO_SUCH_MODEL;
    const inputs = readInputs(signature, fields, reading);
    const names = all(fields, 6).map((output) => {
      const inner = wellFormed(output.bytes, { 1: 2, 2: 2 });
      if (inner.some(({ field }) => field === 2)) reading.doubt();
      return text(inner, 1);
    });
    const expected = completeRequest(signature, version, inputs);
    return {
      ...expected,
      ...(names.length === 0 ? {} : { requested: requestedOutputs(signature, names, reading) }),
      ...(id === "" ? {} : { id }),
    };
  });
}

function readInputs(
  signature: Signature,
  fields: readonly Field[],
  reading: Reading,
): Map<string, InputTensor> {
  const raw = all(fields, 7);
  const tensors = all(fields, 5).map(({ bytes }) => {
    const inner = wellFormed(bytes, { 1: 2, 2: 2, 3: "numbers", 4: 2, 5: 2 });
    if (inner.some(({ field }) => field === 4)) reading.doubt();
    const contents = all(inner, 5);
    // Given twice, a message's parts are joined.
    if (contents.length > 1) throw UNCLEAR;
    const [first] = contents;
    return { inner, contents: first === undefined ? [] : readContents(first.bytes) };
  });
  if (raw.length > 0 && raw.length !== tensors.length) throw BAD_REQUEST;
  const inputs = new Map<string, InputTensor>();
  for (const [i, { inner, contents }] of tensors.entries()) {
    const name = text(inner, 1);
    const { spec, shape, count } = matchInput(
      signature,
      {
        name,
        datatype: text(inner, 2),
        shape: numbers(inner, 3).map((size) => BigInt.asIntN(64, size)),
      },
      reading,
    );
    if (inputs.has(name)) throw BAD_REQUEST;
    if (raw.length > 0 && contents.length > 0) reading.doubt();
    const bytes = raw[i]?.bytes;
    const elements =
      bytes === undefined
        ? typedElements(spec, contents, reading)
        : readRaw(spec.datatype, bytes, count, reading);
    if (elements.length !== count) throw BAD_REQUEST;
    inputs.set(name, { shape, elements });
  }
  return inputs;
}

function readContents(bytes: Uint8Array): Field[] {
  return wellFormed(bytes, {
    1: "numbers",
    2: "numbers",
    3: "numbers",
    4: "numbers",
    5: "numbers",
    6: FIXED32,
    7: FIXED64,
    8: 2,
  });
}

function typedElements(
  { datatype }: TensorSpec,
  contents: readonly Field[],
  reading: Reading,
): Element[] {
  const field = CONTENTS_FIELD[datatype];
  if (contents.some((other) => other.field !== field)) throw BAD_REQUEST;
  if (datatype === "BYTES") return contents.map(({ bytes }) => readUtf8(bytes));
  if (datatype === "FP32" || datatype === "FP64") {
    const bytes = Buffer.concat(contents.map((one) => one.bytes));
    const width = DATATYPES[datatype].bytes;
    if (bytes.length % width !== 0) throw UNCLEAR;
    return readRaw(datatype, bytes, bytes.length / width, reading);
  }
  const values = numbers(contents, field);
  if (datatype === "BOOL")
    return values.map((value) => {
      if (value > 1n) throw UNCLEAR;
      return value !== 0n;
    });
  return values.map((value) => {
    if (is64(datatype)) return datatype === "INT64" ? BigInt.asIntN(64, value) : value;
    const unsigned = datatype.startsWith("U");
    const narrow = unsigned ? BigInt.asUintN(32, value) : BigInt.asIntN(32, value);
    // Bits that the field's type hasn't are dropped by some, kept by others, and throw a third out of step.
    if (narrow !== (unsigned ? value : BigInt.asIntN(64, value))) throw UNCLEAR;
    return readNumber(datatype, Number(narrow));
  });
}

/** What a field may look like: its wire type, or numbers one by one or packed. */
type Form = 0 | 1 | 2 | 5 | "numbers";

/** @throws UNCLEAR for anything that a writer of this message wouldn't make */
function wellFormed(bytes: Uint8Array, forms: Readonly<Record<number, Form>>): Field[] {
  const fields = readFields(bytes);
  if (fields === undefined) throw UNCLEAR;
  for (const { field, wireType } of fields) {
    const form = forms[field];
    const fits =
      form === "numbers"
        ? wireType === VARINT || wireType === LENGTH_DELIMITED
        : form === FIXED32 || form === FIXED64
          ? wireType === form || wireType === LENGTH_DELIMITED
          : wireType === form;
    if (!fits) throw UNCLEAR;
  }
  return fields;
}

function all(fields: readonly Field[], field: number): Field[] {
  return fields.filter((one) => one.field === field);
}

/** The last one counts. @throws UNCLEAR when it is no UTF-8 */
function text(fields: readonly Field[], field: number): string {
  const found = all(fields, field).at(-1);
  if (found === undefined) return "";
  try {
    return readUtf8(found.bytes);
  } catch {
    throw UNCLEAR;
  }
}

function numbers(fields: readonly Field[], field: number): bigint[] {
  return all(fields, field).flatMap(({ wireType, number, bytes }) => {
    if (wireType === VARINT) return [number];
    const packed = readPacked(bytes);
    if (packed === undefined) throw UNCLEAR;
    return packed;
  });
}
