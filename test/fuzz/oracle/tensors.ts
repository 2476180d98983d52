import { BAD_REQUEST, type Expected, type InputTensor, MAX_ROWS, type Reading } from "./judgement";
import type { Signature, TensorSpec } from "./signature";

/** A tensor of the Open Inference Protocol as a request names it, over HTTP or gRPC. */
export interface NamedTensor {
  readonly name: string;
  readonly datatype: unknown;
  readonly shape: readonly (number | bigint)[];
}

/** The model's input that `tensor` is for, its datatype and shape checked. @throws Refusal */
export function matchInput(
  signature: Signature,
  { name, datatype, shape }: NamedTensor,
  reading: Reading,
): { spec: TensorSpec; shape: number[]; count: number } {
  const spec = signature.inputs.find((input) => input.name === name);
  if (spec?.datatype !== datatype || spec === undefined) throw BAD_REQUEST;
  if (shape.length !== spec.shape.length) throw BAD_REQUEST;
  const sizes = shape.map(Number);
  let count = 1;
  for (const [i, size] of sizes.entries()) {
    const wanted = spec.shape[i] ?? 0;
    if (size < 0 || (wanted !== -1 && size !== wanted)) throw BAD_REQUEST;
    if (size === 0) reading.doubt();
    count *= size;
  }
  if ((sizes[0] ?? 0) > MAX_ROWS) reading.excess();
  return { spec, shape: sizes, count };
}

/** All inputs, each once, with the same number of rows. @throws Refusal */
export function completeRequest(
  signature: Signature,
  version: string,
  inputs: ReadonlyMap<string, InputTensor>,
): Expected {
  if (inputs.size !== signature.inputs.length) throw BAD_REQUEST;
  const rows = [...inputs.values()][0]?.shape[0] ?? 0;
  for (const { shape } of inputs.values()) if (shape[0] !== rows) throw BAD_REQUEST;
  return { signature, version, rows, inputs };
}

/** The outputs a request names: known ones; each once, else it is a matter of taste. @throws Refusal */
export function requestedOutputs(
  signature: Signature,
  names: readonly string[],
  reading: Reading,
): readonly string[] {
  for (const name of names)
    if (!signature.outputs.some((output) => output.name === name)) throw BAD_REQUEST;
  if (new Set(names).size !== names.length) reading.doubt();
  return [...new Set(names)];
}
