import type { HttpProtocol } from "../oracle/answers-http";
import { judgePlain, judgeTensorflow } from "../oracle/json-protocols";
import type { InputTensor, Judgement } from "../oracle/judgement";
import { judgeOpenInference } from "../oracle/open-inference";
import type { Signature } from "../oracle/signature";
import type { Random } from "../random";
import { type Node, toNode } from "./json-text";
import { nest } from "./values";

/** How a protocol with JSON bodies writes a prediction request, and who judges it. */
export interface Dialect {
  readonly protocol: HttpProtocol;
  /** @param version undefined: the request names none */
  path(model: string, version: string | undefined): string;
  tree(signature: Signature, inputs: ReadonlyMap<string, InputTensor>, random: Random): Node;
  judge(signature: Signature, version: string, body: Uint8Array): Judgement;
}

export const PLAIN: Dialect = {
  protocol: "plain",
  path: (model, version) =>
    `/predict?model=${model}${version === undefined ? "" : `&version=${version}`}`,
  tree: (signature, inputs, random) => {
    const rows = rowValues(signature, inputs, false);
    const [first] = rows;
    return rows.length === 1 && random.chance(0.3)
      ? toNode(first)
      : { entries: [["instances", toNode(rows)]] };
  },
  judge: judgePlain,
};

export const TENSORFLOW: Dialect = {
  protocol: "tensorflow",
  path: (model, version) =>
    `/v1/models/${model}${version === undefined ? "" : `/versions/${version}`}:predict`,
  tree: (signature, inputs, random) => {
    const entries: [string, Node][] = [];
    if (random.chance(0.2)) entries.push(["signature_name", '"serving_default"']);
    if (random.chance(0.5)) {
      entries.push(["instances", toNode(rowValues(signature, inputs, random.chance(0.3)))]);
      return { entries };
    }
    const columns: [string, unknown][] = [...inputs].map(([name, tensor]) => [name, nest(tensor)]);
    const bare = columns.length === 1 && random.chance(0.6);
    entries.push(["inputs", toNode(bare ? columns[0]?.[1] : Object.fromEntries(columns))]);
    return { entries };
  },
  judge: judgeTensorflow,
};

export const OPEN_INFERENCE: Dialect = {
  protocol: "open-inference",
  path: (model, version) =>
    `/v2/models/${model}${version === undefined ? "" : `/versions/${version}`}/infer`,
  tree: (signature, inputs, random) => {
    const nested = random.chance(0.2);
    const tensors: Node[] = signature.inputs.map(({ name, datatype }) => {
      const tensor = inputs.get(name) ?? { shape: [], elements: [] };
      return toNode({
        name,
        shape: tensor.shape,
        datatype,
        data: nested ? nest(tensor) : tensor.elements,
      });
    });
    return { entries: openInferenceEntries(signature, tensors, random) };
  },
  judge: judgeOpenInference,
};

/** The request around its inputs: an id and requested outputs now and then. */
export function openInferenceEntries(
  signature: Signature,
  tensors: Node[],
  random: Random,
): [string, Node][] {
  const entries: [string, Node][] = [["inputs", { list: tensors }]];
  if (random.chance(0.3)) entries.unshift(["id", `"${random.bits().toString(36)}"`]);
  if (random.chance(0.3)) {
    const names = signature.outputs.map(({ name }) => name).filter(() => random.chance(0.5));
    if (names.length > 0) entries.push(["outputs", toNode(names.map((name) => ({ name })))]);
  }
  return entries;
}

/** Each row's value, or an object of values by name when the model has several inputs or `named` says so. */
function rowValues(
  signature: Signature,
  inputs: ReadonlyMap<string, InputTensor>,
  named: boolean,
): unknown[] {
  const columns = signature.inputs.map(({ name }): [string, unknown[]] => {
    const tensor = inputs.get(name);
    return [name, tensor === undefined ? [] : nest(tensor)];
  });
  const [first] = columns;
  if (first === undefined) return [];
  if (columns.length === 1 && !named) return first[1];
  return first[1].map((_, row) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[row]])),
  );
}
