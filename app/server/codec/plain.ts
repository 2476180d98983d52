import type { ServedVersion } from "../data-plane";
import { RequestError } from "../errors";
import type { Answer, Rows } from "../evaluator";

/** The largest finite float32: what is beyond it would reach the model as infinity. */
const MAX_FLOAT32 = 3.4028234663852886e38;

const EXPECTED = '{"instances": [[number, …], …]} or one bare instance [number, …] is needed';

/**
 * The rows of a plain prediction request: `{"instances": [[…], …]}`, or one bare instance `[…]`.
 * @throws RequestError 400 naming the field, 413 when there are more than `maxRows` instances.
 */
export function parseInstances(body: string, served: ServedVersion, maxRows: number): Rows {
  const value = parseJson(body);
  if (Array.isArray(value)) {
    // One number is enough to tell a bare instance from a list of them, which needs its name.
    if (Array.isArray(value[0]))
      throw new RequestError(400, `several instances need their name: ${EXPECTED}`, "instances");
    return [checkInstance(value, undefined, served)];
  }
  if (typeof value !== "object" || value === null)
    throw new RequestError(400, `${EXPECTED}, got ${kindOf(value)}`);
  for (const key in value)
    if (key !== "instances")
      throw new RequestError(400, `unknown field "${shorten(key)}": ${EXPECTED}`, shorten(key));
  const { instances } = value as { instances?: unknown };
  if (!Array.isArray(instances))
    throw new RequestError(400, `${EXPECTED}, got ${kindOf(instances)}`, "instances");
  if (instances.length === 0)
    throw new RequestError(400, "at least one instance is needed", "instances");
  if (instances.length > maxRows)
    throw new RequestError(
      413,
      `at most ${maxRows} instances in one request, got ${instances.length}`,
      "instances",
    );
  for (let i = 0; i < instances.length; i++) checkInstance(instances[i], i, served);
  return instances as Rows;
}

/** The answer as JSON text, written by hand: it is as fast as the rest and its shape is plain to see. */
export function renderPredictions(served: ServedVersion, answer: Answer): string {
  const labels = quotedLabels(served);
  const width = labels.length;
  let text = "";
  for (let row = 0; row < answer.rows; row++) {
    const at = answer.offset + row;
    const label = labels[Number(answer.labels[at])];
    if (label === undefined)
      throw new RequestError(500, `the model answered label ${String(answer.labels[at])}`);
    text += `${row === 0 ? "" : ","}{"label":${label},"probabilities":[`;
    for (let i = 0; i < width; i++) {
      const probability = answer.probabilities[at * width + i] ?? NaN;
      if (!Number.isFinite(probability))
        throw new RequestError(500, `the model answered probability ${probability}`);
      text += i === 0 ? String(probability) : `,${probability}`;
    }
    text += "]}";
  }
  return `{"model":"${served.metadata.name}","version":"${served.version}","predictions":[${text}]}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    const why = body.trim() === "" ? "the body is empty" : (error as Error).message;
    throw new RequestError(400, `the body is not JSON: ${why}`);
  }
}

function checkInstance(
  instance: unknown,
  index: number | undefined,
  served: ServedVersion,
): readonly number[] {
  const [{ shape, features }] = served.metadata.inputs;
  const width = shape[1];
  if (!Array.isArray(instance) || instance.length !== width) {
    const got = Array.isArray(instance) ? `${instance.length}` : kindOf(instance);
    throw new RequestError(
      400,
      `${width} numbers (${features.join(", ")}) are needed, got ${got}`,
      index === undefined ? "instance" : `instances[${index}]`,
    );
  }
  for (let i = 0; i < width; i++) {
    const value: unknown = instance[i];
    if (typeof value === "number" && value <= MAX_FLOAT32 && value >= -MAX_FLOAT32) continue;
    const got = typeof value === "number" ? "one beyond float32" : kindOf(value);
    throw new RequestError(
      400,
      `a finite number (${features[i] ?? ""}) is needed, got ${got}`,
      `${index === undefined ? "instance" : `instances[${index}]`}[${i}]`,
    );
  }
  return instance as readonly number[];
}

const quoted = new WeakMap<ServedVersion, readonly string[]>();

function quotedLabels(served: ServedVersion): readonly string[] {
  let labels = quoted.get(served);
  if (labels === undefined) {
    labels = served.metadata.labels.map((label) => JSON.stringify(label));
    quoted.set(served, labels);
  }
  return labels;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Names that come from outside go back cut. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
