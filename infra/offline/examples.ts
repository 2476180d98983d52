import { z } from "zod";
import { keyOf, PLACEHOLDER, PROJECT } from "../config/faults";
import { stackSchema } from "../config/schema";

type Config = Readonly<Record<string, unknown>>;

/** What stands for a secret, which stays closed: the first of these that the schema takes. */
const SECRETS = [
  "offline-secret-value",
  "-----BEGIN PRIVATE KEY-----\noffline-secret-value\n-----END PRIVATE KEY-----\n",
  "-----BEGIN CERTIFICATE-----\noffline-secret-value\n-----END CERTIFICATE-----\n",
];

export interface Filled {
  readonly config: Config;
  /** Config keys whose placeholder was filled in, with what. */
  readonly examples: Config;
  /** Full keys whose value is, or holds, a secret. */
  readonly secretKeys: readonly string[];
}

/**
 * Puts the schema's example in place of each `<…>` that a committed stack file leaves for its user to fill in, and something in place
 * of each secret. A placeholder without an example stays: the config's check tells of it.
 * @param placeholders false: they all stay. Default: true
 */
export function withExamples(config: Config, placeholders = true): Filled {
  const examples: Record<string, unknown> = {};
  const secretKeys = new Set<string>();
  const target = config[`${PROJECT}:target`];
  const schema = stackSchema.options.find(({ shape }) =>
    [...shape.target.values].some((name) => name === target),
  );
  const fill = (value: unknown, at: unknown, path: readonly string[]): unknown => {
    if (placeholders && typeof value === "string" && PLACEHOLDER.test(value)) {
      const example = exampleOf(at);
      if (example === undefined) return value;
      examples[keyOf(path)] = example;
      return example;
    }
    if (isSecret(value)) {
      secretKeys.add(`${PROJECT}:${path[0] ?? ""}`);
      return SECRETS.find((text) => takes(at, text)) ?? SECRETS[0];
    }
    if (Array.isArray(value))
      return value.map((child, i) => fill(child, below(at, String(i)), [...path, String(i)]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [
        key,
        fill(child, below(at, key), [...path, key]),
      ]),
    );
  };
  const filled = Object.entries(config).map(([fullKey, value]) => {
    const key = fullKey.slice(PROJECT.length + 1);
    return [fullKey, fill(value, below(schema, key), [key])];
  });
  return { config: Object.fromEntries(filled) as Config, examples, secretKeys: [...secretKeys] };
}

/** As the engine writes an encrypted value. */
const isSecret = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).join() === "secure";

const takes = (schema: unknown, text: string) =>
  schema instanceof z.ZodType && schema.safeParse(text).success;

/** The schema of what stands at a key. */
function below(schema: unknown, key: string): unknown {
  const inner = layers(schema).at(-1);
  if (inner instanceof z.ZodObject) return inner.shape[key];
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodUnion)
    return inner.options.map((option) => below(option, key)).find((found) => found !== undefined);
  return undefined;
}

function exampleOf(schema: unknown): unknown {
  for (const layer of layers(schema))
    if (layer instanceof z.ZodType) {
      const examples: unknown = layer.meta()?.examples;
      if (Array.isArray(examples) && examples.length > 0) return examples[0] as unknown;
    }
  return undefined;
}

/** A schema and what it wraps, outside first. */
function layers(schema: unknown): unknown[] {
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return wraps ? [schema, ...layers(schema.def.innerType)] : [schema];
}
