import type { Element } from "../oracle/elements";
import { CONTENTS_FIELD } from "../oracle/grpc";
import type { InputTensor } from "../oracle/judgement";
import type { Signature, TensorSpec } from "../oracle/signature";
import type { Random } from "../random";
import { bytesField, numberField, tag, varint } from "../wire/protobuf";
import { rawBytes } from "./binary-cases";

/** A ModelInferRequest in parts, each of which can be spoilt before they are put together. */
export interface InferDraft {
  model: string;
  version: string;
  id: string;
  inputs: InputDraft[];
  outputs: string[];
  raw: Buffer[];
}

export interface InputDraft {
  name: string;
  datatype: string;
  shape: (number | bigint)[];
  /** Undefined: the data are raw. */
  contents: Buffer | undefined;
}

export function draftInfer(
  signature: Signature,
  inputs: ReadonlyMap<string, InputTensor>,
  random: Random,
): InferDraft {
  const raw = random.chance(0.5);
  const draft: InferDraft = {
    model: signature.name,
    version: random.chance(0.3) ? random.pick(signature.versions) : "",
    id: random.chance(0.3) ? random.bits().toString(36) : "",
    inputs: [],
    outputs: random.chance(0.2)
      ? signature.outputs.map(({ name }) => name).filter(() => random.chance(0.5))
      : [],
    raw: [],
  };
  for (const spec of signature.inputs) {
    const { shape, elements } = inputs.get(spec.name) ?? { shape: [], elements: [] };
    const { name, datatype } = spec;
    if (raw) draft.raw.push(rawBytes(datatype, elements));
    const contents = raw ? undefined : typedContents(spec, elements, random);
    draft.inputs.push({ name, datatype, shape: [...shape], contents });
  }
  return draft;
}

/** InferTensorContents: numbers packed, or one by one, which means the same. */
export function typedContents(
  { datatype }: Pick<TensorSpec, "datatype">,
  elements: readonly Element[],
  random: Random,
): Buffer {
  const field = CONTENTS_FIELD[datatype];
  if (datatype === "BYTES")
    return Buffer.concat(elements.map((text) => bytesField(field, String(text))));
  if (datatype === "FP32" || datatype === "FP64")
    return bytesField(field, rawBytes(datatype, elements));
  const numbers = elements.map((one) => (typeof one === "boolean" ? Number(one) : BigInt(one)));
  return random.chance(0.8)
    ? bytesField(field, Buffer.concat(numbers.map(varint)))
    : Buffer.concat(numbers.map((number) => numberField(field, number)));
}

export function writeInfer({ model, version, id, inputs, outputs, raw }: InferDraft): Buffer {
  return Buffer.concat([
    text(1, model),
    text(2, version),
    text(3, id),
    ...inputs.map((input) => bytesField(5, writeInput(input))),
    ...outputs.map((name) => bytesField(6, text(1, name))),
    ...raw.map((bytes) => bytesField(7, bytes)),
  ]);
}

function writeInput({ name, datatype, shape, contents }: InputDraft): Buffer {
  return Buffer.concat([
    text(1, name),
    text(2, datatype),
    bytesField(3, Buffer.concat(shape.map(varint))),
    ...(contents === undefined ? [] : [bytesField(5, contents)]),
  ]);
}

/** As every writer does, without the field when the text is empty. */
function text(field: number, value: string): Buffer {
  return value === "" ? Buffer.alloc(0) : bytesField(field, value);
}

/** Fields that no schema has: any number, any wire type, lengths that may lie. */
export function randomFields(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let i = random.int(0, 12); i > 0; i--) {
    const field = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 2047, 536_870_911, 0]);
    const wireType = random.pick([0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7]);
    parts.push(tag(field, wireType));
    if (wireType === 0) parts.push(varint(random.pick([0, 1, random.bits(), -1, 2 ** 53 - 1])));
    else if (wireType === 1) parts.push(random.bytes(8));
    else if (wireType === 5) parts.push(random.bytes(4));
    else if (wireType === 2) {
      const inner = random.chance(0.3) ? randomFields(random) : random.bytes(random.int(0, 12));
      const length = random.chance(0.85) ? inner.length : random.pick([0, 1, 127, 2 ** 31, -1]);
      parts.push(varint(length), inner);
    }
  }
  return Buffer.concat(parts);
}
