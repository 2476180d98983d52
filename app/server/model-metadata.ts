import * as z from "zod";
import { toTensors } from "./models/examples";
import { datatypes } from "./tensor";

/** Names become folders, URL segments and parts of Kubernetes names. */
const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
    "lower-case letters, digits and dashes, 40 at most",
  );
const versionNumber = z.string().regex(/^[1-9][0-9]{0,8}$/, "a whole number from 1");

const tensor = z.strictObject({
  name: z.string().min(1),
  datatype: z.enum(datatypes),
  /** The first dimension is -1, the number of rows; another one is -1 when it may differ from request to request. */
  shape: z.tuple([z.literal(-1)], z.union([z.literal(-1), z.int().positive()])),
});

const input = tensor.extend({
  /** What each number of a row is, for people; only of a model whose one input is FP32 [-1, n]. */
  features: z.array(z.string().min(1)).optional(),
});

/** A file of a version's folder, relative to it. */
const file = z
  .string()
  .regex(/^(?!\.{1,2}(\/|$))[^/\\]+(\/(?!\.{1,2}(\/|$))[^/\\]+)*$/, "a path below the version");

const evaluation = z.strictObject({
  /** What `score` is: "accuracy", "r2", … */
  metric: z.string().min(1),
  /** On held-back rows. */
  score: z.number(),
  trainingScore: z.number().optional(),
  testRows: z.int().positive(),
  trainingRows: z.int().positive().optional(),
});

const version = z.strictObject({
  /** SHA-256, in lower-case hexadecimal, of each file that is loaded: model.onnx, and vectorizer.json where there is one. */
  files: z.record(file, z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits")),
  /** Which data, for people. */
  trainedOn: z.string().min(1).optional(),
  evaluation: evaluation.optional(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

const described = z.strictObject({
  name,
  title: z.string().min(1),
  description: z.string().min(1),
  framework: z.strictObject({ name: z.string().min(1), version: z.string().min(1) }),
  inputs: z.tuple([input], input),
  outputs: z.tuple([tensor], tensor),
  labels: z.array(z.string().min(1)).min(2).optional(),
  /** `input` is text, BYTES [-1]; the graph gets it as `graphInput`, FP32 [-1, width of vectorizer.json]. */
  vectorizer: z
    .strictObject({ input: z.string().min(1), graphInput: z.string().min(1) })
    .optional(),
  /**
   * Offered on the page, and used to warm up; the first one is the example of `GET /`. An instance is one row: the
   * input's value, or an object of values by name when there are several inputs.
   */
  examples: z.array(z.strictObject({ title: z.string().min(1), instance: z.json() })).min(1),
  versions: z.record(versionNumber, version).refine((all) => Object.keys(all).length > 0, {
    message: "at least one version",
  }),
});

/**
 * model.json: what a model takes and answers, and its versions. With `labels` it is a classifier: its output
 * `probabilities` (FP32 or FP64 [-1, labels]) has a number per label, and `label` (INT64 [-1]), when there is one, is an
 * index into them.
 */
export const modelMetadata = described.superRefine((model, context) => {
  for (const [path, message] of contradictions(model))
    context.addIssue({ code: "custom", path, message });
});

export type ModelMetadata = z.infer<typeof described>;
export type ModelVersion = z.infer<typeof version>;
export type TensorMetadata = z.infer<typeof tensor>;
export type InputMetadata = z.infer<typeof input>;

type Fault = [path: (string | number)[], message: string];

/** What each field's own type can't tell. */
function* contradictions(model: ModelMetadata): Generator<Fault> {
  for (const kind of ["inputs", "outputs"] as const)
    for (const [i, { name }] of model[kind].entries())
      if (model[kind].findIndex((other) => other.name === name) !== i)
        yield [[kind, i, "name"], `"${name}" is there twice`];
  yield* featureFaults(model);
  yield* labelFaults(model);
  yield* vectorizerFaults(model);
  for (const [number, { files }] of Object.entries(model.versions))
    for (const needed of ["model.onnx", ...(model.vectorizer ? ["vectorizer.json"] : [])])
      if (!(needed in files))
        yield [["versions", number, "files"], `the checksum of ${needed} is needed`];
  for (const [i, { instance }] of model.examples.entries())
    try {
      toTensors(model.inputs, [instance]);
    } catch (error) {
      yield [["examples", i, "instance"], (error as Error).message];
    }
}

function* featureFaults({ inputs }: ModelMetadata): Generator<Fault> {
  for (const [i, { features, datatype, shape }] of inputs.entries()) {
    if (features === undefined) continue;
    const [, width, ...rest] = shape;
    if (inputs.length > 1 || datatype !== "FP32" || rest.length > 0 || width === undefined)
      yield [["inputs", i, "features"], "only for the one input of a model, FP32 [-1, n]"];
    else if (features.length !== width)
      yield [["inputs", i, "features"], `${width} expected, got ${features.length}`];
  }
}

function* labelFaults({ labels, outputs }: ModelMetadata): Generator<Fault> {
  if (labels === undefined) return;
  const probabilities = outputs.findIndex(({ name }) => name === "probabilities");
  const found = outputs[probabilities];
  if (found === undefined) {
    yield [["outputs"], `a classifier's output "probabilities" is needed`];
    return;
  }
  if (found.datatype !== "FP32" && found.datatype !== "FP64")
    yield [["outputs", probabilities, "datatype"], `FP32 or FP64 expected, got ${found.datatype}`];
  if (found.shape.length !== 2)
    yield [["outputs", probabilities, "shape"], `[-1,${labels.length}] expected`];
  else if (found.shape[1] !== labels.length)
    yield [
      ["outputs", probabilities, "shape"],
      `${labels.length} expected, got ${String(found.shape[1])}`,
    ];
  const label = outputs.findIndex(({ name }) => name === "label");
  const index = outputs[label];
  if (index !== undefined && (index.datatype !== "INT64" || index.shape.length !== 1))
    yield [["outputs", label], "a classifier's label is INT64 [-1], an index into labels"];
}

function* vectorizerFaults({ vectorizer, inputs }: ModelMetadata): Generator<Fault> {
  if (vectorizer === undefined) return;
  const text = inputs.find(({ name }) => name === vectorizer.input);
  if (text?.datatype !== "BYTES" || text.shape.length !== 1)
    yield [["vectorizer", "input"], `no input "${vectorizer.input}" that is BYTES [-1]`];
  if (inputs.some((other) => other !== text && other.name === vectorizer.graphInput))
    yield [["vectorizer", "graphInput"], `"${vectorizer.graphInput}" is another input`];
}

/**
 * The metadata in `text`, the content of a model.json.
 * @throws Error naming every field that is wrong, on one line.
 */
export function parseModelMetadata(text: string): ModelMetadata {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`model.json is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const result = modelMetadata.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    // What is wrong with a key is one level below.
    const [told] = issue.code === "invalid_key" ? issue.issues : [issue];
    return `${issue.path.join(".") || "(whole file)"}: ${(told ?? issue).message}`;
  });
  throw new Error(`model.json: ${faults.join("; ")}`);
}
