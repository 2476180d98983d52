import { DATATYPES, type Datatype } from "../../../app/server/tensor";
import type { Element } from "../oracle/elements";
import { judgeOpenInference } from "../oracle/open-inference";
import type { Random } from "../random";
import { mutateBytes } from "./byte-mutations";
import type { HttpCase, World } from "./case";
import { OPEN_INFERENCE, openInferenceEntries } from "./dialects";
import { compress } from "./envelopes";
import { httpCase } from "./http-case";
import { changed, rowCount, textOf } from "./json-cases";
import { type Node, toNode } from "./json-text";
import { misshape } from "./misshape";
import { validInputs } from "./values";

const KINDS = [
  [10, "valid"],
  [20, "tensors"],
  [15, "header length"],
  [20, "raw bytes"],
  [15, "raw length"],
  [15, "JSON structure"],
  [5, "compression"],
] as const;

/** The protocol's binary extension: JSON, then raw tensors, with a header that says where the one ends. */
export function binaryCase(world: World, random: Random): HttpCase {
  const kind = random.weighted(KINDS);
  const signature = random.pick(world.models);
  const inputs = validInputs(signature, rowCount(signature, random), random);
  const raw: Buffer[] = [];
  const tensors = signature.inputs.map(({ name, datatype }): Node => {
    const { shape, elements } = inputs.get(name) ?? { shape: [], elements: [] };
    if (random.chance(0.1)) return toNode({ name, shape, datatype, data: elements });
    const bytes = rawBytes(datatype, elements);
    raw.push(bytes);
    const parameters = { binary_data_size: bytes.length };
    return toNode({ name, shape, datatype, parameters });
  });
  let tree: Node = { entries: openInferenceEntries(signature, tensors, random) };
  if (random.chance(0.4)) tree.entries.push(["parameters", toNode({ binary_data_output: true })]);
  if (random.chance(0.2)) nameOutputs(tree.entries, signature.outputs, random);
  if (kind === "tensors") misshape(tree, random);
  if (kind === "JSON structure") tree = changed(tree, random);
  const json = textOf(tree);
  let data: Buffer = Buffer.concat(raw);
  if (kind === "raw bytes") data = mutateBytes(data, random);
  if (kind === "raw length") data = wrongLength(data, random);
  const length = kind === "header length" ? wrongHeader(json.length, random) : String(json.length);
  const whole = Buffer.concat([json, data]);
  const judgement = judgeOpenInference(
    signature,
    signature.versions[0] ?? "",
    whole,
    length === undefined ? undefined : length.trim(),
  );
  const envelope =
    kind === "compression"
      ? compress(whole, judgement, random)
      : { headers: [], body: whole, judgement };
  const headers = [
    "Content-Type: application/octet-stream",
    ...(length === undefined ? [] : [`Inference-Header-Content-Length: ${length}`]),
    ...envelope.headers,
  ];
  const path = OPEN_INFERENCE.path(signature.name, undefined);
  const parts = { path, headers, body: envelope.body };
  return httpCase(kind, "open-inference", parts, envelope.judgement, json);
}

function nameOutputs(
  entries: [string, Node][],
  outputs: readonly { name: string }[],
  random: Random,
): void {
  const at = entries.findIndex(([key]) => key === "outputs");
  if (at !== -1) entries.splice(at, 1);
  const named = outputs.map(({ name }) => ({
    name,
    ...(random.chance(0.7) ? { parameters: { binary_data: random.chance(0.5) } } : {}),
  }));
  entries.push(["outputs", toNode(named)]);
}

function wrongLength(data: Buffer, random: Random): Buffer {
  const by = random.pick([1, 1, 2, 4, 8, data.length]);
  return random.chance(0.5)
    ? data.subarray(0, Math.max(0, data.length - by))
    : Buffer.concat([data, Buffer.alloc(by)]);
}

function wrongHeader(length: number, random: Random): string | undefined {
  return random.pick<string | undefined>([
    undefined,
    "",
    String(length + 1),
    String(length - 1),
    String(length * 2),
    `0${length}`,
    `+${length}`,
    `-${length}`,
    `${length}.0`,
    `${length}, ${length}`,
    `0x${length.toString(16)}`,
    "0",
    "-1",
    "99999999999999999999",
    "9007199254740993",
    "NaN",
    "Infinity",
    "1e1",
    "null",
    ` ${length} `,
  ]);
}

/** A tensor in the protocol's raw form: little-endian, each text after its length. */
export function rawBytes(datatype: Datatype, elements: readonly Element[]): Buffer {
  if (datatype === "BYTES")
    return Buffer.concat(
      elements.map((text) => {
        const bytes = Buffer.from(String(text));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        return Buffer.concat([length, bytes]);
      }),
    );
  const width = DATATYPES[datatype].bytes;
  const view = new DataView(new ArrayBuffer(width * elements.length));
  for (const [i, element] of elements.entries()) writeElement(datatype, view, i * width, element);
  return Buffer.from(view.buffer);
}

function writeElement(datatype: Datatype, view: DataView, at: number, element: Element): void {
  const number = Number(element);
  if (datatype === "FP32") view.setFloat32(at, number, true);
  else if (datatype === "FP64") view.setFloat64(at, number, true);
  else if (datatype === "INT64" || datatype === "UINT64")
    view.setBigUint64(at, BigInt.asUintN(64, BigInt(element)), true);
  else if (datatype.endsWith("32")) view.setUint32(at, number >>> 0, true);
  else if (datatype.endsWith("16")) view.setUint16(at, number & 0xffff, true);
  else view.setUint8(at, number & 0xff);
}
