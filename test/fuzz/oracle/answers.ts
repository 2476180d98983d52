import type { Datatype } from "../../../app/server/tensor";
import type { Element } from "./elements";
import type { Expected } from "./judgement";
import { instanceKey, type TensorSpec } from "./signature";

/** An output as a protocol answered it. Elements may still be JSON's: a number for a 64-bit one. */
export interface OutputTensor {
  readonly shape: readonly number[];
  readonly elements: readonly unknown[];
}

/** Further than this from the training data a classifier may overflow, and say so. */
const EXTREME = 1e6;

/**
 * Compares an answer with what is right.
 * @param outputs by name, all that the answer had
 * @returns what is wrong, undefined when nothing is
 */
export function compareOutputs(
  expected: Expected,
  outputs: ReadonlyMap<string, OutputTensor>,
): string | undefined {
  const { signature, requested } = expected;
  const wanted = requested ?? signature.outputs.map(({ name }) => name);
  for (const name of outputs.keys())
    if (!wanted.includes(name)) return `output "${name}" that nobody asked for`;
  for (const name of wanted) if (!outputs.has(name)) return `no output "${name}"`;
  return signature.echo ? compareEcho(expected, outputs) : compareClassifier(expected, outputs);
}

function compareEcho(
  { signature, inputs }: Expected,
  outputs: ReadonlyMap<string, OutputTensor>,
): string | undefined {
  for (const [i, { name, datatype }] of signature.outputs.entries()) {
    const got = outputs.get(name);
    const sent = inputs.get(signature.inputs[i]?.name ?? "");
    if (got === undefined || sent === undefined) continue;
    if (got.shape.join() !== sent.shape.join() && got.elements.length + sent.elements.length > 0)
      return `${name}: shape [${got.shape.join()}], wanted [${sent.shape.join()}]`;
    if (got.elements.length !== sent.elements.length)
      return `${name}: ${got.elements.length} elements, wanted ${sent.elements.length}`;
    for (let k = 0; k < sent.elements.length; k++)
      if (!same(datatype, got.elements[k], sent.elements[k] as Element))
        return `${name}[${k}]: ${show(got.elements[k])}, wanted ${show(sent.elements[k])}`;
  }
  return undefined;
}

function same(datatype: Datatype, got: unknown, wanted: Element): boolean {
  switch (datatype) {
    case "FP32":
      return Math.fround(Number(got)) === wanted;
    case "INT64":
    case "UINT64":
      return got === wanted || (typeof got === "number" && got === Number(wanted));
    case "BOOL":
      return Boolean(got) === wanted && (typeof got === "boolean" || got === 0 || got === 1);
    default:
      return got === wanted;
  }
}

function compareClassifier(
  expected: Expected,
  outputs: ReadonlyMap<string, OutputTensor>,
): string | undefined {
  const { signature, rows } = expected;
  const width = signature.labels?.length ?? 0;
  const probabilities = outputs.get("probabilities");
  const label = outputs.get("label");
  if (probabilities !== undefined && probabilities.elements.length !== rows * width)
    return `${probabilities.elements.length} probabilities, wanted ${rows} × ${width}`;
  if (label !== undefined && label.elements.length !== rows)
    return `${label.elements.length} labels, wanted ${rows}`;
  for (let row = 0; row < rows; row++) {
    const fault =
      compareRow(
        expected,
        row,
        probabilities?.elements.slice(row * width, (row + 1) * width).map(Number),
      ) ?? compareLabel(expected, row, label?.elements[row], width);
    if (fault !== undefined) return `row ${row}: ${fault}`;
  }
  return undefined;
}

function compareRow(
  expected: Expected,
  row: number,
  probabilities: readonly number[] | undefined,
): string | undefined {
  if (probabilities === undefined) return undefined;
  if (probabilities.some((one) => !(one >= -1e-6 && one <= 1 + 1e-6)))
    return `probabilities ${probabilities.join()}`;
  const known = goldenOf(expected, row);
  if (known !== undefined)
    return known.probabilities.every(
      (one, i) =>
        Math.abs(one - (probabilities[i] ?? NaN)) <= (expected.signature.golden?.tolerance ?? 0),
    )
      ? undefined
      : `probabilities ${probabilities.join()}, wanted ${known.probabilities.join()}`;
  const sum = probabilities.reduce((total, one) => total + one, 0);
  return Math.abs(sum - 1) < 1e-3 ? undefined : `probabilities add up to ${sum}`;
}

function compareLabel(
  expected: Expected,
  row: number,
  label: unknown,
  width: number,
): string | undefined {
  if (label === undefined) return undefined;
  const index = Number(label);
  if (!Number.isInteger(index) || index < 0 || index >= width) return `label ${show(label)}`;
  const known = goldenOf(expected, row)?.label;
  const got = expected.signature.labels?.[index];
  return known === undefined || known === got ? undefined : `label ${String(got)}, wanted ${known}`;
}

function goldenOf({ signature, inputs }: Expected, row: number) {
  const [spec] = signature.inputs;
  const column = spec === undefined ? undefined : inputs.get(spec.name);
  if (spec === undefined || column === undefined) return undefined;
  if (spec.shape.length === 1) return signature.known.get(instanceKey(column.elements[row]));
  const width = spec.shape[1] ?? 0;
  return signature.known.get(instanceKey(column.elements.slice(row * width, (row + 1) * width)));
}

/** Whether a classifier's numbers may become infinite. */
export function mayOverflow({ signature, inputs }: Expected): boolean {
  if (signature.echo) return false;
  for (const { elements } of inputs.values())
    for (const one of elements) if (typeof one === "number" && Math.abs(one) > EXTREME) return true;
  return false;
}

/** Whether a model may refuse these inputs with 400 although they are right: they are more than it can evaluate. */
export function mayRefuse(expected: Expected): boolean {
  if (mayOverflow(expected)) return true;
  // ONNX Runtime's texts end at U+0000: a graph that takes texts can't be given one with it.
  if (!expected.signature.echo) return false;
  for (const { elements } of expected.inputs.values())
    for (const one of elements) if (typeof one === "string" && one.includes("\0")) return true;
  return false;
}

/** A row-wise answer's values as one tensor. */
export function stackRows(spec: TensorSpec, rows: readonly unknown[]): OutputTensor {
  const elements: unknown[] = [];
  const shape: number[] = [rows.length];
  const visit = (value: unknown, depth: number): void => {
    if (!Array.isArray(value) || depth >= spec.shape.length) {
      elements.push(value);
      return;
    }
    shape[depth] ??= value.length;
    // Lists of different lengths: a size that no tensor has, so that the comparison fails.
    if (shape[depth] !== value.length) shape[depth] = -1;
    for (const one of value) visit(one, depth + 1);
  };
  for (const row of rows) visit(row, 1);
  return { shape, elements };
}

export function show(value: unknown): string {
  const text = typeof value === "bigint" ? `${value}n` : JSON.stringify(value ?? "nothing");
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
