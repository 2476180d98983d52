import { DATATYPES, type Tensor, type TensorData } from "../tensor";

/** Whether two requests can share a run: every dimension but the rows is the same. */
export function agree(one: readonly Tensor[], other: readonly Tensor[]): boolean {
  for (let i = 0; i < one.length; i++) {
    const { shape } = one[i] as Tensor;
    const { shape: otherShape } = other[i] as Tensor;
    for (let j = 1; j < shape.length; j++) if (shape[j] !== otherShape[j]) return false;
  }
  return true;
}

/** The inputs of requests that agree, one after the other, as the inputs of one run of `rows` rows. */
export function join(requests: readonly (readonly Tensor[])[], rows: number): readonly Tensor[] {
  const [first = []] = requests;
  return first.map(({ name, datatype, shape }, i) => {
    const parts = requests.map((inputs) => (inputs[i] as Tensor).data);
    const joined = [...shape];
    joined[0] = rows;
    return { name, datatype, shape: joined, data: concatenate(datatype, parts) };
  });
}

function concatenate(datatype: Tensor["datatype"], parts: readonly TensorData[]): TensorData {
  if (datatype === "BYTES") return (parts as readonly (readonly string[])[]).flat();
  let length = 0;
  for (const { length: own } of parts) length += own;
  // One datatype has one kind of array; Float32Array stands for all of them.
  const data = new DATATYPES[datatype].array(length) as Float32Array;
  let at = 0;
  for (const part of parts as readonly Float32Array[]) {
    // A call of `set` costs more than a few elements.
    if (part.length <= 16) for (let i = 0; i < part.length; i++) data[at + i] = part[i] as number;
    else data.set(part, at);
    at += part.length;
  }
  return data;
}

/** The outputs of the request whose `rows` rows begin at `from` in a run of `total` rows: windows, nothing is copied. */
export function share(
  outputs: readonly Tensor[],
  from: number,
  rows: number,
  total: number,
): readonly Tensor[] {
  if (rows === total) return outputs;
  return outputs.map(({ name, datatype, shape, data }) => {
    const width = data.length / total;
    const own = [...shape];
    own[0] = rows;
    return { name, datatype, shape: own, data: window(data, from * width, (from + rows) * width) };
  });
}

/** @throws Error when `outputs` are not of `rows` rows: they are shared out by their number, so it must be right. */
export function checkRows(outputs: readonly Tensor[], rows: number): void {
  for (const { name, shape } of outputs)
    if (shape[0] !== rows)
      throw new Error(`output "${name}" has ${String(shape[0])} rows for ${rows}`);
}

function window(data: TensorData, from: number, to: number): TensorData {
  return ArrayBuffer.isView(data) ? data.subarray(from, to) : data.slice(from, to);
}
