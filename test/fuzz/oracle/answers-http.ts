import type { HttpResponse } from "../wire/http-response";
import {
  compareOutputs,
  mayOverflow,
  mayRefuse,
  type OutputTensor,
  show,
  stackRows,
} from "./answers";
import { readRaw, wellFormed } from "./elements";
import { isObject, type JsonObject, own } from "./json";
import { type Expected, type Judgement, Reading } from "./judgement";

/** `any`: an address that belongs to none of them. */
export type HttpProtocol = "plain" | "tensorflow" | "open-inference" | "any";

/** Words of the inside that no client should read: paths, stacks, code. */
export const INSIDE =
  /node_modules|node:internal|\.[jt]s:\d+|\bat (async )?[\w.<>]+ \(|Cannot (read|destructure|convert)|is not (a function|iterable|defined)/;

/**
 * What is wrong with an answer, undefined when nothing is.
 * @param request the request's JSON, when it was that
 */
export function checkAnswer(
  protocol: HttpProtocol,
  judgement: Judgement,
  response: HttpResponse,
  request: JsonObject | undefined,
): string | undefined {
  if (response.status === 200) {
    if (judgement.verdict === "invalid")
      return `answered 200, ${judgement.statuses.join(" or ")} wanted`;
    if (judgement.expected === undefined || protocol === "any") return checkJson(response);
    // TensorFlow's JSON has NaN and Infinity as words.
    if (mayOverflow(judgement.expected)) return undefined;
    return checkSuccess(protocol, judgement.expected, response, request);
  }
  const refusable =
    judgement.verdict !== "invalid" &&
    judgement.expected !== undefined &&
    mayRefuse(judgement.expected);
  const statuses = judgement.verdict === "valid" ? [] : judgement.statuses;
  if (!statuses.includes(response.status) && !(refusable && [400, 422].includes(response.status)))
    return `answered ${response.status}, ${judgement.verdict === "valid" ? "200" : statuses.join(" or ")} wanted`;
  return checkError(protocol, response);
}

/** An error's body has the protocol's own shape, is about the request, and tells nothing of the server's inside. */
export function checkError(protocol: HttpProtocol, response: HttpResponse): string | undefined {
  const fault = checkJson(response);
  if (fault !== undefined) return fault;
  const body: unknown = JSON.parse(response.body.toString());
  if (!isObject(body)) return "an error that is no JSON object";
  const allowed = protocol === "plain" || protocol === "any" ? ["error", "field"] : ["error"];
  for (const key of Object.keys(body))
    if (!allowed.includes(key)) return `an error with a field "${key}"`;
  const error = own(body, "error");
  if (typeof error !== "string" || error === "") return "an error without a text";
  if (error.length > 1000) return `an error of ${error.length} characters`;
  const field = own(body, "field");
  if (field !== undefined && typeof field !== "string") return "an error's field that is no text";
  const inside = INSIDE.exec(error);
  return inside === null ? undefined : `an error that says "${inside[0]}"`;
}

function checkJson({ headers, body }: HttpResponse): string | undefined {
  const type = headers.get("content-type") ?? "";
  if (type === "application/octet-stream") return undefined;
  if (!type.startsWith("application/json")) return `Content-Type "${type}"`;
  try {
    JSON.parse(body.toString());
    return undefined;
  } catch {
    return "a body that is not JSON";
  }
}

function checkSuccess(
  protocol: HttpProtocol,
  expected: Expected,
  response: HttpResponse,
  request: JsonObject | undefined,
): string | undefined {
  try {
    const outputs =
      protocol === "plain"
        ? readPlain(expected, parse(response.body))
        : protocol === "tensorflow"
          ? readTensorflow(expected, parse(response.body), request)
          : readOpenInference(expected, response);
    return compareOutputs(expected, outputs);
  } catch (error) {
    return (error as Error).message;
  }
}

type Outputs = Map<string, OutputTensor>;

function readPlain({ signature, version, rows }: Expected, body: JsonObject): Outputs {
  same("model", body["model"], signature.name);
  same("version", body["version"], version);
  const predictions = list(body["predictions"], "predictions");
  same("predictions", predictions.length, rows);
  const { labels } = signature;
  if (labels === undefined) return byName(signature.outputs, predictions);
  const values = predictions.map(object);
  const outputs: Outputs = new Map();
  for (const { name } of signature.outputs)
    outputs.set(
      name,
      name === "label"
        ? { shape: [rows], elements: values.map((value) => labels.indexOf(String(value[name]))) }
        : stackRows({ name, datatype: "FP32", shape: [-1, -1] }, pluck(values, name)),
    );
  return outputs;
}

function readTensorflow(
  { signature, rows }: Expected,
  body: JsonObject,
  request: JsonObject | undefined,
): Outputs {
  const { outputs } = signature;
  const [first] = outputs;
  if (first === undefined) return new Map();
  if (request === undefined || "instances" in request) {
    const predictions = list(body["predictions"], "predictions");
    same("predictions", predictions.length, rows);
    return outputs.length === 1
      ? new Map([[first.name, stackRows(first, predictions)]])
      : byName(outputs, predictions);
  }
  const columns: unknown = body["outputs"];
  if (outputs.length === 1)
    return new Map([[first.name, stackRows(first, list(columns, "outputs"))]]);
  const named = object(columns);
  return new Map(
    outputs.map((spec) => [spec.name, stackRows(spec, list(named[spec.name], spec.name))]),
  );
}

function byName(specs: Expected["signature"]["outputs"], rows: readonly unknown[]): Outputs {
  const values = rows.map(object);
  return new Map(specs.map((spec) => [spec.name, stackRows(spec, pluck(values, spec.name))]));
}

function readOpenInference(expected: Expected, { headers, body }: HttpResponse): Outputs {
  const { signature, version, id } = expected;
  const length = headers.get("inference-header-content-length");
  const header = parse(length === undefined ? body : body.subarray(0, Number(length)));
  let raw = length === undefined ? body.subarray(body.length) : body.subarray(Number(length));
  same("model_name", header["model_name"], signature.name);
  same("model_version", header["model_version"], version);
  if (id !== undefined && id !== "" && wellFormed(id) === id) same("id", header["id"], id);
  const outputs: Outputs = new Map();
  for (const one of list(header["outputs"], "outputs").map(object)) {
    const name = String(one["name"]);
    const spec = signature.outputs.find((output) => output.name === name);
    if (spec === undefined) throw new Error(`an output "${name}"`);
    same(`${name}'s datatype`, one["datatype"], spec.datatype);
    const shape = list(one["shape"], "shape").map(Number);
    const parameters = one["parameters"];
    const size = isObject(parameters) ? parameters["binary_data_size"] : undefined;
    if (size === undefined) {
      outputs.set(name, { shape, elements: list(one["data"], "data") });
      continue;
    }
    if (typeof size !== "number" || size > raw.length) throw new Error(`${show(size)} raw bytes`);
    const count = shape.reduce((product, side) => product * side, 1);
    const elements = readRaw(spec.datatype, raw.subarray(0, size), count, new Reading());
    outputs.set(name, { shape, elements });
    raw = raw.subarray(size);
  }
  if (raw.length > 0) throw new Error(`${raw.length} bytes behind the last output`);
  return outputs;
}

function parse(body: Uint8Array): JsonObject {
  return object(JSON.parse(Buffer.from(body).toString()) as unknown);
}

function pluck(rows: readonly JsonObject[], name: string): unknown[] {
  return rows.map((row) => {
    if (!Object.hasOwn(row, name)) throw new Error(`a row without "${name}"`);
    return row[name];
  });
}

function object(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new Error(`${show(value)} instead of an object`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new Error(`${what}: ${show(value)} instead of a list`);
}

function same(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: ${show(got)}, wanted ${show(wanted)}`);
}
