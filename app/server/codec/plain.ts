import type { ServedVersion } from "../data-plane";
import { RequestError } from "../errors";
import type { InputMetadata, ModelMetadata } from "../model-metadata";
import type { Tensor } from "../tensor";
import { kindOf, shorten } from "./faults";
import { isObject, parseJson, textOf } from "./json-body";
import { isBase64 } from "./json-elements";
import { readRows, type Place } from "./json-rows";
import { notFinite, renderRow, standardJson } from "./json-values";

const INSTANCES: Place = { path: "instances" };
const INSTANCE: Place = { path: "instance", bare: true };

/**
 * The inputs of a plain prediction request: `{"instances": [instance, …]}`, or one bare instance.
 * @throws RequestError 400 naming the field, 413 when there are more than `maxRows` instances.
 */
export function parseInstances(
  body: Buffer,
  { metadata }: ServedVersion,
  maxRows: number,
): readonly Tensor[] {
  const { inputs } = metadata;
  const value = parseJson(body, metadata);
  if (!isObject(value) || isBase64(value)) {
    const [input] = inputs;
    if (inputs.length > 1 || !isInstanceOf(input, value))
      throw new RequestError(400, `${expected(metadata)}, got ${kindOf(value)}`);
    // One level more than an instance has makes a list of them, which needs its name.
    if (depthOf(value) >= input.shape.length)
      throw new RequestError(
        400,
        `several instances need their name: ${expected(metadata)}`,
        "instances",
      );
    return readRows(inputs, [value], INSTANCE, body.length);
  }
  if (inputs.length > 1 && !("instances" in value))
    return readRows(inputs, [value], INSTANCE, body.length);
  for (const key in value)
    if (key !== "instances")
      throw new RequestError(
        400,
        `unknown field "${shorten(key)}": ${expected(metadata)}`,
        shorten(key),
      );
  const { instances } = value;
  if (!Array.isArray(instances))
    throw new RequestError(400, `${expected(metadata)}, got ${kindOf(instances)}`, "instances");
  checkRows(instances, maxRows);
  return readRows(inputs, instances, INSTANCES, body.length);
}

/** @throws RequestError 400 when there is no row, 413 when there are more than `maxRows`. */
export function checkRows(instances: readonly unknown[], maxRows: number): void {
  if (instances.length === 0)
    throw new RequestError(400, "at least one instance is needed", "instances");
  if (instances.length > maxRows)
    throw new RequestError(
      413,
      `at most ${maxRows} instances in one request, got ${instances.length}`,
      "instances",
    );
}

/** Whether the model's one input is a text a row: its body may be just that text. */
export function takesText({ inputs }: ModelMetadata): boolean {
  const [{ datatype, shape }] = inputs;
  return inputs.length === 1 && datatype === "BYTES" && shape.length === 1;
}

/** A body of type text/plain: one text, as it is. @throws RequestError 400 when it is not UTF-8. */
export function parseText(body: Buffer, { metadata }: ServedVersion): readonly Tensor[] {
  const [{ name, datatype }] = metadata.inputs;
  return [{ name, datatype, shape: [1], data: [textOf(body)] }];
}

/** Whether `value` can be meant as one instance of a model with `input` alone, so that errors speak of its parts. */
function isInstanceOf({ shape, datatype }: InputMetadata, value: unknown): boolean {
  if (Array.isArray(value)) return true;
  if (shape.length > 1 || value === null) return false;
  return datatype === "BYTES" ? typeof value === "string" || isBase64(value) : true;
}

function depthOf(value: unknown): number {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); inner = inner[0] as unknown) depth++;
  return depth;
}

function expected({ inputs }: ModelMetadata): string {
  const [first] = inputs;
  const one =
    inputs.length === 1
      ? describe(first)
      : `{${inputs.map((input) => `"${input.name}": ${describe(input)}`).join(", ")}}`;
  return `{"instances": [${one}, …]} or one bare instance ${one} is needed`;
}

/** A row of `input`, such as `[number, …]`. */
function describe({ datatype, shape }: InputMetadata): string {
  const element = datatype === "BYTES" ? "text" : datatype === "BOOL" ? "true or false" : "number";
  return shape.slice(1).reduce<string>((inner) => `[${inner}, …]`, element);
}

/** What of a version's answers is the same in all of them. */
interface Template {
  readonly head: string;
  /** A classifier's: its labels as JSON, and which outputs tell them. */
  readonly labels: readonly string[] | undefined;
  readonly label: number;
  readonly probabilities: number;
  /** `"name":`, of each output. */
  readonly names: readonly string[];
}

const templates = new WeakMap<ServedVersion, Template>();

function templateOf(served: ServedVersion): Template {
  let template = templates.get(served);
  if (template === undefined) {
    const { name, labels, outputs } = served.metadata;
    template = {
      head: `{"model":${JSON.stringify(name)},"version":${JSON.stringify(served.version)},"predictions":[`,
      labels: labels?.map((label) => JSON.stringify(label)),
      label: outputs.findIndex((output) => output.name === "label"),
      probabilities: outputs.findIndex((output) => output.name === "probabilities"),
      names: outputs.map((output) => `${JSON.stringify(output.name)}:`),
    };
    templates.set(served, template);
  }
  return template;
}

/**
 * The answer as JSON text, written by hand: it is as fast as the rest and its shape is plain to see.
 * @throws RequestError 422 when the model answered a number that isn't finite.
 */
export function renderPredictions(served: ServedVersion, outputs: readonly Tensor[]): string {
  const template = templateOf(served);
  const rows = outputs[0]?.shape[0] ?? 0;
  let text = template.head;
  for (let row = 0; row < rows; row++) {
    if (row > 0) text += ",";
    text +=
      template.labels === undefined
        ? renderOutputs(template.names, outputs, row)
        : renderClass(template, template.labels, outputs, row);
  }
  return `${text}]}`;
}

function renderClass(
  template: Template,
  labels: readonly string[],
  outputs: readonly Tensor[],
  row: number,
): string {
  const tensor = outputs[template.probabilities] as Tensor;
  const data = tensor.data as Float32Array | Float64Array;
  const width = labels.length;
  const start = row * width;
  let text = "";
  let best = 0;
  for (let i = 0; i < width; i++) {
    const probability = data[start + i] ?? NaN;
    if (!Number.isFinite(probability)) throw notFinite(tensor, row);
    if (probability > (data[start + best] ?? NaN)) best = i;
    text += i === 0 ? String(probability) : `,${probability}`;
  }
  const index = template.label === -1 ? best : Number(outputs[template.label]?.data[row]);
  const label = labels[index];
  if (label === undefined) throw new RequestError(500, `the model answered label ${index}`);
  return `{"label":${label},"probabilities":[${text}]}`;
}

function renderOutputs(names: readonly string[], outputs: readonly Tensor[], row: number): string {
  let text = "";
  for (let i = 0; i < outputs.length; i++)
    text += `${i === 0 ? "" : ","}${names[i] ?? ""}${renderRow(outputs[i] as Tensor, row, standardJson)}`;
  return `{${text}}`;
}
