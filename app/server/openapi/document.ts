import type { ModelStatus } from "../data-plane";
import { identity } from "../identity";
import type { ModelMetadata } from "../model-metadata";
import { inferExamples, plainExamples, predictExamples } from "./examples";
import { errorResponses, json, Operations } from "./operations";
import { modelSchemas, object, ref, schemaNames, type Json } from "./schemas";

export interface OpenapiOptions {
  /** Whether predictions need an API key. */
  readonly keys: boolean;
  readonly maxRows: number;
  readonly maxBodyBytes: number;
  /** The model that answers when a request names none. */
  readonly defaultModel: string | undefined;
}

/** The OpenAPI 3.1 document of every endpoint, with the models that can be asked now. */
export function openapiDocument(models: readonly ModelStatus[], options: OpenapiOptions): Json {
  const { keys, maxRows, maxBodyBytes, defaultModel } = options;
  const operations = new Operations(keys);
  const served = models.flatMap(({ metadata }) => (metadata === undefined ? [] : [metadata]));
  return {
    openapi: "3.1.0",
    info: {
      title: identity.name,
      version: identity.version,
      description: `Predictions of ${served.map(({ name }) => name).join(", ") || "no model yet"}. A request has at most ${maxBodyBytes} bytes and ${maxRows} rows.`,
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "plain", description: "this server's own endpoints" },
      { name: "tensorflow", description: "TensorFlow Serving's REST API" },
      { name: "open-inference", description: "the Open Inference Protocol, version 2" },
    ],
    paths: {
      ...plainPaths(operations, served, defaultModel),
      ...merge(served.map((model) => modelPaths(operations, model))),
      ...sharedPaths(operations, served),
    },
    components: {
      schemas: {
        Error: {
          ...object({ error: { type: "string" }, field: { type: "string" } }),
          required: ["error"],
        },
        ...merge(served.map((model) => modelSchemas(model, maxRows))),
      },
      responses: errorResponses(),
      ...(keys
        ? {
            securitySchemes: {
              bearer: { type: "http", scheme: "bearer" },
              apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
            },
          }
        : {}),
    },
  };
}

const ANYTHING: Json = { type: "object" };
const version: Json = parameter("version", "path", { type: "string", examples: ["1"] });

function plainPaths(
  operations: Operations,
  served: readonly ModelMetadata[],
  defaultModel: string | undefined,
): Json {
  const tags = ["plain"];
  const names = served.map(schemaNames);
  const chosen = [
    parameter("model", "query", modelName(served), "default: the server's default model"),
    parameter("version", "query", { type: "string" }, "default: the newest"),
  ];
  const predict = operations.post(
    "predict",
    "Predictions for rows of a model",
    json(
      { anyOf: names.map(({ plainRequest }) => ref(plainRequest)) },
      // Without a name in the query, only the default model's work.
      { examples: merge(served.filter(({ name }) => name === defaultModel).map(plainExamples)) },
    ),
    json({ anyOf: names.map(({ plainAnswer }) => ref(plainAnswer)) }),
    { tags, parameters: chosen },
  );
  const told = (id: string, summary: string): Json => ({
    get: operations.get(id, summary, json(ANYTHING), true, { tags }),
  });
  return {
    // A document without models has nothing to predict with.
    ...(served.length === 0 ? {} : { "/predict": { post: predict } }),
    "/score": {
      get: operations.get(
        "score",
        "How well a version did on held-back rows",
        json(ANYTHING),
        true,
        {
          tags,
          parameters: chosen,
        },
      ),
    },
    "/": {
      get: operations.get(
        "greeting",
        "The model and an example; a page for browsers",
        { ...json(ANYTHING), "text/html": { schema: { type: "string" } } },
        true,
        { tags, parameters: chosen },
      ),
    },
    "/healthz": told("live", "Whether the process answers"),
    "/readyz": told("ready", "Whether every model is ready (200) or not (503)"),
    "/openapi.json": told("openapi", "This document"),
  };
}

/** What is asked of one model, in the protocols that name it in the path. */
function modelPaths(operations: Operations, metadata: ModelMetadata): Json {
  const { name, title } = metadata;
  const { predictRequest, predictAnswer, inferRequest, inferAnswer } = schemaNames(metadata);
  const paths: Record<string, Json> = {};
  for (const [where, suffix, parameters] of [
    [name, "", []],
    [`${name}/versions/{version}`, "Version", [version]],
  ] as const) {
    paths[`/v1/models/${where}:predict`] = {
      post: operations.post(
        `tensorflowPredict${suffix}.${name}`,
        `${title}: predictions`,
        json(ref(predictRequest), { examples: predictExamples(metadata) }),
        json(ref(predictAnswer)),
        { tags: ["tensorflow"], parameters },
      ),
    };
    paths[`/v2/models/${where}/infer`] = {
      post: operations.post(
        `openInferenceInfer${suffix}.${name}`,
        `${title}: inference`,
        json(ref(inferRequest), { examples: inferExamples(metadata) }),
        json(ref(inferAnswer)),
        { tags: ["open-inference"], parameters },
      ),
    };
  }
  return paths;
}

/** What is told of any model. */
function sharedPaths(operations: Operations, served: readonly ModelMetadata[]): Json {
  const paths: Record<string, Json> = {};
  const add = (path: string, id: string, summary: string, tag: string, open: boolean): void => {
    const parameters = [
      ...(path.includes("{model}") ? [parameter("model", "path", modelName(served))] : []),
      ...(path.includes("{version}") ? [version] : []),
    ];
    const more = { tags: [tag], parameters };
    paths[path] = { get: operations.get(id, summary, json(ANYTHING), open, more) };
  };
  for (const [where, suffix] of [
    ["{model}", ""],
    ["{model}/versions/{version}", "Version"],
  ] as const) {
    const v1 = `/v1/models/${where}`;
    const v2 = `/v2/models/${where}`;
    add(v1, `tensorflowStatus${suffix}`, "Which versions are served", "tensorflow", false);
    add(`${v1}/metadata`, `tensorflowMetadata${suffix}`, "Signature", "tensorflow", false);
    add(v2, `openInferenceMetadata${suffix}`, "Inputs and outputs", "open-inference", false);
    add(`${v2}/ready`, `openInferenceReady${suffix}`, "Readiness", "open-inference", false);
  }
  add("/v2", "openInferenceServer", "Name and extensions", "open-inference", true);
  add("/v2/health/live", "openInferenceLive", "Liveness", "open-inference", true);
  add("/v2/health/ready", "openInferenceServerReady", "Readiness", "open-inference", true);
  return paths;
}

function modelName(served: readonly ModelMetadata[]): Json {
  const names = served.map(({ name }) => name);
  return { type: "string", ...(names.length === 0 ? {} : { enum: names }) };
}

function parameter(
  name: string,
  where: "path" | "query",
  schema: Json,
  description?: string,
): Json {
  return {
    name,
    in: where,
    required: where === "path",
    schema,
    ...(description === undefined ? {} : { description }),
  };
}

function merge(parts: readonly Json[]): Json {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}
