/** Which fields of ONNX' messages lead to tensors, by number: onnx.proto of the ONNX project. */
const FIELDS: Record<Kind, Readonly<Record<number, Kind>>> = {
  model: { 7: "graph", 25: "function" },
  graph: { 1: "node", 5: "tensor", 15: "sparse" },
  function: { 7: "node" },
  node: { 5: "attribute" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse" },
  sparse: { 1: "tensor", 2: "tensor" },
  tensor: {},
};
type Kind = "model" | "graph" | "function" | "node" | "attribute" | "sparse" | "tensor";

const NAME = 8;
const EXTERNAL_DATA = 13;

/**
 * The name of a tensor of the ONNX model `bytes` whose data are in another file: undefined when there is none, or when the
 * bytes are no such model. The runtime would open whatever path stands there, unchecked by any checksum.
 */
export function externalTensor(bytes: Uint8Array): string | undefined {
  return find(bytes, "model");
}

function find(bytes: Uint8Array, kind: Kind): string | undefined {
  let name: string | undefined;
  let external = false;
  for (const [field, content] of messageFields(bytes)) {
    if (kind === "tensor" && field === NAME) name = Buffer.from(content).toString();
    if (kind === "tensor" && field === EXTERNAL_DATA) external = true;
    const inner = FIELDS[kind][field];
    const found = inner && find(content, inner);
    if (found !== undefined) return found;
  }
  return external ? (name ?? "") : undefined;
}

/** The fields of a protobuf message that have a length, with their number; ends early where the bytes make no sense. */
function* messageFields(bytes: Uint8Array): Generator<[field: number, content: Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else return;
  }
}
