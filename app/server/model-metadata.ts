import { z } from "zod";

/** Names become folders, URL segments and parts of Kubernetes names. */
const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
    "lower-case letters, digits and dashes, 40 at most",
  );
const versionNumber = z.string().regex(/^[1-9][0-9]{0,8}$/, "a whole number from 1");

/** Datatypes by their Open Inference Protocol names. */
export const datatypes = ["FP32", "INT64"] as const;
export type Datatype = (typeof datatypes)[number];

const tensor = z.strictObject({
  name: z.string().min(1),
  datatype: z.enum(datatypes),
  /** -1 stands for the number of rows. */
  shape: z.array(z.union([z.literal(-1), z.int().positive()])).min(1),
});

const score = z.number().min(0).max(1);

const version = z.strictObject({
  /** Of `<version>/model.onnx`, in lower-case hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits"),
  /** Share of held-back rows the model classified right. */
  score,
  trainingScore: score,
  metric: z.literal("accuracy"),
  testRows: z.int().positive(),
  trainingRows: z.int().positive(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

/**
 * model.json: what a model takes and answers, and its versions. Today a model is a classifier over one row of numbers:
 * one FP32 input [-1, features], outputs `label` (INT64 [-1], an index into labels) and `probabilities` (FP32 [-1, labels]).
 */
export const modelMetadata = z
  .strictObject({
    name,
    title: z.string().min(1),
    description: z.string().min(1),
    framework: z.strictObject({ name: z.string().min(1), version: z.string().min(1) }),
    inputs: z.tuple([
      tensor.extend({
        datatype: z.literal("FP32"),
        shape: z.tuple([z.literal(-1), z.int().positive()]),
        /** What each number of a row is, for people. */
        features: z.array(z.string().min(1)),
      }),
    ]),
    outputs: z.tuple([
      tensor.extend({
        name: z.literal("label"),
        datatype: z.literal("INT64"),
        shape: z.tuple([z.literal(-1)]),
      }),
      tensor.extend({
        name: z.literal("probabilities"),
        datatype: z.literal("FP32"),
        shape: z.tuple([z.literal(-1), z.int().positive()]),
      }),
    ]),
    labels: z.array(z.string().min(1)).min(2),
    /** Offered on the page, and used to warm up; the first one is the example of `GET /`. */
    examples: z
      .array(z.strictObject({ title: z.string().min(1), instance: z.array(z.number()) }))
      .min(1),
    versions: z.record(versionNumber, version).refine((all) => Object.keys(all).length > 0, {
      message: "at least one version",
    }),
  })
  .superRefine((model, context) => {
    const features = model.inputs[0].shape[1];
    const counts: [(string | number)[], number, number][] = [
      [["inputs", 0, "features"], model.inputs[0].features.length, features],
      [["outputs", 1, "shape"], model.outputs[1].shape[1], model.labels.length],
      ...model.examples.map(({ instance }, i): [(string | number)[], number, number] => [
        ["examples", i, "instance"],
        instance.length,
        features,
      ]),
    ];
    for (const [path, got, wanted] of counts)
      if (got !== wanted)
        context.addIssue({ code: "custom", path, message: `${wanted} expected, got ${got}` });
  });

export type ModelMetadata = z.infer<typeof modelMetadata>;
export type ModelVersion = z.infer<typeof version>;

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
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.join(".") || "(whole file)"}: ${message}`,
  );
  throw new Error(`model.json: ${faults.join("; ")}`);
}
