import type { InputMetadata } from "../model-metadata";
import { DATATYPES, type Datatype, type Tensor, type TensorData } from "../tensor";

/**
 * The rows `instances`, as model.json and golden.json write them, as the tensors of `inputs`.
 * @throws Error naming the part of an instance that doesn't fit its input.
 */
export function toTensors(
  inputs: readonly InputMetadata[],
  instances: readonly unknown[],
): readonly Tensor[] {
  return inputs.map((input) => {
    const single = inputs.length === 1;
    const row = new Row(input);
    for (const instance of instances)
      row.add(single ? instance : member(inputs, instance, input.name), single ? "" : input.name);
    return row.tensor(instances.length);
  });
}

function member(inputs: readonly InputMetadata[], instance: unknown, name: string): unknown {
  const names = inputs.map((input) => input.name);
  if (typeof instance !== "object" || instance === null || Array.isArray(instance))
    throw new Error(`an object with ${names.join(", ")} is needed`);
  for (const key of Object.keys(instance))
    if (!names.includes(key)) throw new Error(`unknown input "${key}"`);
  if (!Object.hasOwn(instance, name)) throw new Error(`input "${name}" is missing`);
  return (instance as Record<string, unknown>)[name];
}

/** Collects one input's rows; a dimension that model.json leaves open is what the first row says. */
class Row {
  private readonly dimensions: (number | undefined)[];
  private readonly elements: unknown[] = [];

  constructor(private readonly input: InputMetadata) {
    this.dimensions = input.shape.slice(1).map((size) => (size === -1 ? undefined : size));
  }

  add(value: unknown, at: string, depth = 0): void {
    const where = at === "" ? "" : `${at}: `;
    if (depth === this.dimensions.length) {
      this.elements.push(element(this.input.datatype, value, where));
      return;
    }
    if (!Array.isArray(value))
      throw new Error(`${where}an array is needed, got ${JSON.stringify(value)}`);
    const size = (this.dimensions[depth] ??= value.length);
    if (value.length !== size) throw new Error(`${where}${size} expected, got ${value.length}`);
    value.forEach((part, i) => this.add(part, `${at}[${i}]`, depth + 1));
  }

  tensor(rows: number): Tensor {
    const { name, datatype } = this.input;
    const { array } = DATATYPES[datatype];
    // Of the datatype's kind: `element` saw to it.
    const from = array.from.bind(array) as (elements: unknown[]) => TensorData;
    const data = from(this.elements);
    return { name, datatype, shape: [rows, ...this.dimensions.map((size) => size ?? 0)], data };
  }
}

/** @throws Error when `value`, from JSON, is none of `datatype`. */
function element(datatype: Datatype, value: unknown, where: string): unknown {
  if (datatype === "BYTES" && typeof value === "string") return value;
  if (datatype === "BOOL" && typeof value === "boolean") return Number(value);
  if (typeof value === "number" && datatype !== "BYTES" && datatype !== "BOOL") {
    const { bytes } = DATATYPES[datatype];
    if (datatype === "FP64" || (datatype === "FP32" && Number.isFinite(Math.fround(value))))
      return value;
    const unsigned = datatype.startsWith("U");
    const least = unsigned ? 0 : -(2 ** (bytes * 8 - 1));
    const limit = 2 ** (bytes * 8 - (unsigned ? 0 : 1));
    if (datatype !== "FP32" && Number.isInteger(value) && value >= least && value < limit)
      return bytes === 8 ? BigInt(value) : value;
  }
  throw new Error(`${where}${datatype} is needed, got ${JSON.stringify(value)}`);
}
