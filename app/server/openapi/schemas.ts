import type { ModelMetadata, TensorMetadata } from "../model-metadata";
import type { Datatype } from "../tensor";

/** A JSON Schema, or a part of the document. */
export type Json = Readonly<Record<string, unknown>>;

export function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** Names of a model's schemas, by what they describe. */
export function schemaNames({ name }: ModelMetadata) {
  return {
    instance: `${name}.Instance`,
    prediction: `${name}.Prediction`,
    plainRequest: `${name}.PlainRequest`,
    plainAnswer: `${name}.PlainAnswer`,
    predictRequest: `${name}.PredictRequest`,
    predictAnswer: `${name}.PredictAnswer`,
    inferRequest: `${name}.InferRequest`,
    inferAnswer: `${name}.InferAnswer`,
  } as const;
}

/** What goes in and comes out of a model, in each protocol. */
export function modelSchemas(metadata: ModelMetadata, maxRows: number): Record<string, Json> {
  const { name, title, inputs, outputs, labels } = metadata;
  const names = schemaNames(metadata);
  const rows = (items: Json): Json => ({ type: "array", items, minItems: 1, maxItems: maxRows });
  const row = (tensors: readonly TensorMetadata[], bare: boolean): Json =>
    object(Object.fromEntries(tensors.map((tensor) => [tensor.name, rowSchema(tensor)])), bare);
  const column = (tensors: readonly TensorMetadata[]): Json =>
    object(
      Object.fromEntries(tensors.map((tensor) => [tensor.name, rows(rowSchema(tensor))])),
      true,
    );
  const prediction: Json =
    labels === undefined
      ? row(outputs, false)
      : object({
          label: { type: "string", enum: labels },
          probabilities: fixedArray({ type: "number" }, labels.length),
        });
  return {
    [names.instance]: { title: `One row for ${title}`, ...row(inputs, true) },
    [names.prediction]: prediction,
    [names.plainRequest]: {
      anyOf: [object({ instances: rows(ref(names.instance)) }), ref(names.instance)],
    },
    [names.plainAnswer]: object({
      model: { type: "string", const: name },
      version: { type: "string" },
      predictions: { type: "array", items: ref(names.prediction) },
    }),
    [names.predictRequest]: {
      anyOf: [
        predictRequest("instances", rows(ref(names.instance))),
        predictRequest("inputs", column(inputs)),
      ],
    },
    [names.predictAnswer]: {
      anyOf: [
        object({ predictions: { type: "array", items: row(outputs, true) } }),
        object({ outputs: column(outputs) }),
      ],
    },
    [names.inferRequest]: {
      type: "object",
      properties: {
        id: { type: "string" },
        parameters: { type: "object" },
        inputs: tensors(inputs),
        outputs: {
          type: "array",
          items: {
            type: "object",
            properties: { name: { type: "string", enum: outputs.map((output) => output.name) } },
            required: ["name"],
          },
        },
      },
      required: ["inputs"],
    },
    [names.inferAnswer]: {
      type: "object",
      properties: {
        id: { type: "string" },
        model_name: { type: "string", const: name },
        model_version: { type: "string" },
        outputs: tensors(outputs),
      },
      required: ["model_name", "model_version", "outputs"],
    },
  };
}

/** @param bare the one property's own schema stands for the object */
export function object(properties: Readonly<Record<string, Json>>, bare = false): Json {
  const [first, ...more] = Object.values(properties);
  if (bare && first !== undefined && more.length === 0) return first;
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

function predictRequest(key: string, value: Json): Json {
  return {
    type: "object",
    properties: { signature_name: { type: "string" }, [key]: value },
    required: [key],
  };
}

/** A tensor's value in one row. */
function rowSchema({ datatype, shape }: TensorMetadata): Json {
  return shape
    .slice(1)
    .reduceRight<Json>(
      (items, size) => (size === -1 ? { type: "array", items } : fixedArray(items, size)),
      elementSchema(datatype),
    );
}

function fixedArray(items: Json, size: number): Json {
  return { type: "array", items, minItems: size, maxItems: size };
}

function elementSchema(datatype: Datatype): Json {
  if (datatype === "BYTES") return { type: "string" };
  if (datatype === "BOOL") return { type: "boolean" };
  if (datatype === "FP32") return { type: "number", format: "float" };
  if (datatype === "FP64") return { type: "number", format: "double" };
  const unsigned = datatype.startsWith("U");
  if (datatype.endsWith("64"))
    return { type: "integer", format: "int64", ...(unsigned ? { minimum: 0 } : {}) };
  const bits = Number(datatype.replace(/\D+/, ""));
  const limit = 2 ** (unsigned ? bits : bits - 1);
  return { type: "integer", minimum: unsigned ? 0 : -limit, maximum: limit - 1 };
}

/** The Open Inference Protocol's tensors, each with its elements in one flat list. */
function tensors(described: readonly TensorMetadata[]): Json {
  const items = described.map(({ name, datatype, shape }) => ({
    type: "object",
    properties: {
      name: { type: "string", const: name },
      datatype: { type: "string", const: datatype },
      shape: fixedArray({ type: "integer", minimum: 1 }, shape.length),
      parameters: { type: "object" },
      data: { type: "array", items: elementSchema(datatype) },
    },
    required: ["name", "datatype", "shape"],
  }));
  const [first] = items;
  return {
    type: "array",
    items: items.length === 1 && first !== undefined ? first : { anyOf: items },
    minItems: 1,
    maxItems: items.length,
  };
}
