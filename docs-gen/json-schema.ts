/** JSON Schema of a Pulumi.<stack>.yaml, for editors: what Zod knows, with the doc comments as descriptions. */
import { z } from "zod";
import { stackSchema, TARGET_NAMES } from "../infra/config/schema";
import { type Key, type Sections, type Shape } from "./shape";

type Json = Record<string, unknown>;

/** `pulumi config set --secret` writes this in the place of a text. */
const SEALED = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

export function jsonSchema({ common, targets }: Sections): Json {
  const sections = Object.fromEntries(
    [...common, ...Object.values(targets)].map((key) => [
      `modelport:${key.name}`,
      describe(schemaOf(key.name), key),
    ]),
  );
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A stack of modelport: Pulumi.<stack>.yaml",
    type: "object",
    required: ["config"],
    properties: {
      config: {
        description:
          "Settings by name; other providers' (gcp:project, ibm:region) may stand beside.",
        type: "object",
        required: ["modelport:target"],
        properties: {
          "modelport:target": {
            description: "The platform of this stack.",
            enum: [...TARGET_NAMES],
          },
          ...sections,
        },
        patternProperties: { "^(?!modelport:)": {} },
        additionalProperties: false,
        allOf: TARGET_NAMES.map((name) => ownSection(name, targets[name].required)),
      },
    },
  };
}

/** A target's section is for stacks of that target only. */
function ownSection(name: string, required: boolean): Json {
  const others = TARGET_NAMES.filter((other) => other !== name).map((other) => [
    `modelport:${other}`,
    false,
  ]);
  return {
    if: { properties: { "modelport:target": { const: name } }, required: ["modelport:target"] },
    then: {
      ...(required ? { required: [`modelport:${name}`] } : {}),
      properties: Object.fromEntries(others) as Json,
    },
  };
}

function schemaOf(section: string): Json {
  for (const { shape } of stackSchema.options) {
    const schema = new Map<string, z.ZodType>(Object.entries(shape)).get(section);
    if (schema === undefined) continue;
    const made: Json = z.toJSONSchema(schema, {
      target: "draft-7",
      io: "input",
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        tidy(jsonSchema);
      },
    });
    for (const key of ["$schema", "definitions"]) Reflect.deleteProperty(made, key);
    return unreferenced(made) as Json;
  }
  throw new Error(`the schema has no section ${section}`);
}

/** Only what may be any JSON refers to itself: nothing is asked of it. */
function unreferenced(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(unreferenced);
  if (!isJson(schema)) return schema;
  if ("$ref" in schema) return {};
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, unreferenced(value)]),
  );
}

/** What says nothing to a person, or to an editor. */
function tidy(schema: Json): void {
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
  // Zod's own words; the pattern beside says the same.
  if (/^(?:starts_with|cidr)/.test(String(schema["format"]))) delete schema["format"];
}

function describe(schema: Json, key: Key): Json {
  const { comment: description, secret, examples } = key;
  return {
    ...(description === "" ? {} : { description }),
    ...into(secret ? sealable(schema) : schema, key.shape),
    ...(examples.length === 0 ? {} : { examples: [...examples] }),
  };
}

function into(schema: Json, shape: Shape): Json {
  switch (shape.kind) {
    case "value":
      return schema;
    case "object": {
      const properties = schema["properties"] as Record<string, Json> | undefined;
      if (properties === undefined) return schema;
      const described = shape.keys.map((key) => [
        key.name,
        describe(properties[key.name] ?? {}, key),
      ]);
      return { ...schema, properties: Object.fromEntries(described) as Json };
    }
    case "record":
      return {
        ...schema,
        additionalProperties: into(schema["additionalProperties"] as Json, shape.value),
      };
    case "list":
      return { ...schema, items: into(schema["items"] as Json, shape.element) };
    case "union": {
      const options = (schema["anyOf"] ?? schema["oneOf"]) as Json[] | undefined;
      const [word] = "anyOf" in schema ? ["anyOf"] : ["oneOf"];
      if (options === undefined) return schema;
      const described = options.map((option, index) => {
        const own = shape.options[index];
        return own === undefined ? option : into(option, own);
      });
      return { ...schema, [word]: described };
    }
  }
}

/** Every text in it may be sealed instead. */
function sealable(schema: Json): Json {
  if (schema["type"] === "string") return { anyOf: [schema, SEALED] };
  const inner = { ...schema };
  const { properties, additionalProperties, items } = schema;
  if (isJson(properties))
    inner["properties"] = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, isJson(one) ? sealable(one) : one]),
    );
  if (isJson(additionalProperties)) inner["additionalProperties"] = sealable(additionalProperties);
  if (isJson(items)) inner["items"] = sealable(items);
  return inner;
}

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
