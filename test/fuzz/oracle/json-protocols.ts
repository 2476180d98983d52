import { type Element, flatten, readJsonElement } from "./elements";
import {
  decodeBase64,
  doubtOtherKeys,
  isBase64,
  isObject,
  type JsonObject,
  onlyKeys,
  own,
  parseBody,
} from "./json";
import {
  BAD_REQUEST,
  type Expected,
  type InputTensor,
  type Judgement,
  MAX_ROWS,
  Reading,
  UNCLEAR,
} from "./judgement";
import type { Signature, TensorSpec } from "./signature";

/** `POST /predict`: `{"instances": […]}` or one bare instance. */
export function judgePlain(signature: Signature, version: string, body: Uint8Array): Judgement {
  const reading = new Reading();
  return reading.judge(() => {
    const value = parseBody(body, reading);
    const instances = plainInstances(signature, value);
    return rowsOf(signature, version, instances, reading, false);
  });
}

function plainInstances(signature: Signature, value: unknown): readonly unknown[] {
  if (isObject(value) && !(signature.inputs.length === 1 && isBase64(value))) {
    const instances = own(value, "instances");
    if (instances === undefined && signature.inputs.length > 1) return [value];
    onlyKeys(value, ["instances"]);
    if (!Array.isArray(instances) || instances.length === 0) throw BAD_REQUEST;
    return instances;
  }
  if (signature.inputs.length > 1) throw BAD_REQUEST;
  // A bare instance of a model whose rows may have any length can't be told from a list of them.
  if (signature.inputs[0]?.shape.slice(1).includes(-1) === true) throw UNCLEAR;
  return [value];
}

/** `POST /v1/models/<model>:predict`: row format `instances` or column format `inputs`. */
export function judgeTensorflow(
  signature: Signature,
  version: string,
  body: Uint8Array,
): Judgement {
  const reading = new Reading();
  return reading.judge(() => {
    const value = parseBody(body, reading);
    if (!isObject(value)) throw BAD_REQUEST;
    doubtOtherKeys(value, ["instances", "inputs", "signature_name"], reading);
    const name = own(value, "signature_name");
    if (name !== undefined && name !== "serving_default") reading.doubt();
    const instances = own(value, "instances");
    const inputs = own(value, "inputs");
    if ((instances === undefined) === (inputs === undefined)) throw BAD_REQUEST;
    if (inputs !== undefined) return columnsOf(signature, version, inputs, reading);
    if (!Array.isArray(instances) || instances.length === 0) throw BAD_REQUEST;
    return rowsOf(signature, version, instances, reading, true);
  });
}

/** Rows, each the input's value or an object of values by name. */
function rowsOf(
  signature: Signature,
  version: string,
  instances: readonly unknown[],
  reading: Reading,
  tensorflow: boolean,
): Expected {
  if (instances.length > MAX_ROWS) reading.excess();
  const { inputs } = signature;
  const [first] = inputs;
  const isNamed = (value: unknown): value is JsonObject =>
    isObject(value) && !(first?.datatype === "BYTES" && inputs.length === 1 && isBase64(value));
  const named = inputs.length > 1 || (tensorflow && isNamed(instances[0]));
  if (tensorflow && inputs.length === 1 && instances.some((one) => isNamed(one) !== named))
    throw BAD_REQUEST;
  const columns = new Map<string, InputTensor>();
  for (const spec of inputs) {
    const rows = named ? instances.map((row) => pickNamed(row, spec, inputs)) : instances;
    columns.set(spec.name, readColumn(spec, rows, reading, tensorflow));
  }
  return { signature, version, rows: instances.length, inputs: columns };
}

function pickNamed(row: unknown, spec: TensorSpec, inputs: readonly TensorSpec[]): unknown {
  if (!isObject(row)) throw BAD_REQUEST;
  onlyKeys(
    row,
    inputs.map(({ name }) => name),
  );
  if (!Object.hasOwn(row, spec.name)) throw BAD_REQUEST;
  return row[spec.name];
}

function columnsOf(
  signature: Signature,
  version: string,
  value: unknown,
  reading: Reading,
): Expected {
  const { inputs } = signature;
  const [first] = inputs;
  const bare = inputs.length === 1 && (!isObject(value) || isBase64(value));
  const columns = new Map<string, InputTensor>();
  for (const spec of inputs) {
    const column = bare ? value : pickNamed(value, spec, inputs);
    if (!Array.isArray(column)) throw BAD_REQUEST;
    if (column.length === 0) reading.doubt();
    if (column.length > MAX_ROWS) reading.excess();
    columns.set(spec.name, readColumn(spec, column, reading, true));
  }
  const rows = columns.get(first?.name ?? "")?.shape[0] ?? 0;
  for (const { shape } of columns.values()) if (shape[0] !== rows) throw BAD_REQUEST;
  return { signature, version, rows, inputs: columns };
}

function readColumn(
  spec: TensorSpec,
  rows: readonly unknown[],
  reading: Reading,
  tensorflow: boolean,
): InputTensor {
  const shape = [rows.length, ...spec.shape.slice(1)];
  const elements: Element[] = [];
  const leaf = (value: unknown): Element => {
    if (spec.datatype === "BYTES" && isBase64(value)) {
      if (!tensorflow) throw UNCLEAR;
      return decodeBase64(value);
    }
    return readJsonElement(spec.datatype, value, reading);
  };
  flatten(rows, shape, 0, leaf, elements);
  if (shape.includes(0)) reading.doubt();
  return { shape, elements };
}
