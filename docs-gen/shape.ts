/** The config's schema as plain data: what Zod knows at run time, with the doc comments of its source. */
import * as path from "node:path";
import { z } from "zod";
import { stackSchema, TARGET_NAMES, type TargetName } from "../infra/config/schema";
import { repositoryRoot } from "../local/paths";
import {
  arrayElement,
  constant,
  objectKeys,
  recordValue,
  type Source,
  unionOptions,
} from "./comments";

export type Shape =
  /** In words: what may stand there. */
  | { readonly kind: "value"; readonly words: string }
  | { readonly kind: "object"; readonly keys: readonly Key[] }
  | { readonly kind: "record"; readonly value: Shape }
  | { readonly kind: "list"; readonly element: Shape }
  | { readonly kind: "union"; readonly options: readonly Shape[] };

export interface Key {
  readonly name: string;
  /** The doc comment, in one line. */
  readonly comment: string;
  readonly required: boolean;
  /** As the config takes it; undefined where there is none. */
  readonly default?: unknown;
  /** Whether it, or what is in it, is set with --secret. */
  readonly secret: boolean;
  readonly examples: readonly unknown[];
  readonly shape: Shape;
}

const SCHEMA = path.join(repositoryRoot(), "infra", "config", "schema.ts");

/** The sections of a stack's config: `target` aside, those that every target has, and each target's own. */
export interface Sections {
  readonly common: readonly Key[];
  readonly targets: Readonly<Record<TargetName, Key>>;
}

export function sections(): Sections {
  const sources = unionOptions(constant(SCHEMA, "stackSchema"));
  const options = stackSchema.options.map((option, index) => objectOf(option, sources[index]).keys);
  const own = (name: TargetName): Key => {
    const found = options.flat().find((key) => key.name === name);
    if (found === undefined) throw new Error(`the schema has no section ${name}`);
    return found;
  };
  const names: readonly string[] = ["target", ...TARGET_NAMES];
  return {
    common: (options[0] ?? []).filter(({ name }) => !names.includes(name)),
    targets: Object.fromEntries(TARGET_NAMES.map((name) => [name, own(name)])) as Record<
      TargetName,
      Key
    >,
  };
}

function objectOf(schema: z.ZodObject, source: Source | undefined) {
  const written = objectKeys(source);
  const keys = Object.entries(schema.shape).map(([name, value]): Key => {
    const { comment = "", value: expression } = written.get(name) ?? {};
    const { inner, required, preset, examples } = unwrap(value as z.ZodType);
    return {
      name,
      comment,
      required,
      ...(preset === undefined ? {} : { default: preset }),
      secret: comment.includes("--secret"),
      examples,
      shape: shapeOf(inner, expression),
    };
  });
  return { kind: "object" as const, keys };
}

function shapeOf(given: z.ZodType, source: Source | undefined): Shape {
  const { inner: schema } = unwrap(given);
  if (schema instanceof z.ZodObject) return objectOf(schema, source);
  if (schema instanceof z.ZodRecord)
    return { kind: "record", value: shapeOf(schema.valueType as z.ZodType, recordValue(source)) };
  if (schema instanceof z.ZodArray)
    return { kind: "list", element: shapeOf(schema.element as z.ZodType, arrayElement(source)) };
  if (schema instanceof z.ZodUnion) {
    const sources = unionOptions(source);
    const options = schema.options.map((option, index) =>
      shapeOf(option as z.ZodType, sources[index]),
    );
    return options.some(({ kind }) => kind !== "value")
      ? { kind: "union", options }
      : { kind: "value", words: ownWords(schema) ?? options.map(wordsOf).join(", or ") };
  }
  return { kind: "value", words: valueWords(schema) };
}

const wordsOf = (shape: Shape) => (shape.kind === "value" ? shape.words : shape.kind);

interface Unwrapped {
  readonly inner: z.ZodType;
  readonly required: boolean;
  readonly preset?: unknown;
  readonly examples: readonly unknown[];
}

/** Past optional, defaults, and what a value is turned into. */
function unwrap(schema: z.ZodType): Unwrapped {
  let inner = schema;
  let required = true;
  let preset: unknown;
  let examples: readonly unknown[] = [];
  for (;;) {
    examples = (inner.meta()?.["examples"] as unknown[] | undefined) ?? examples;
    if (inner instanceof z.ZodOptional) {
      required = false;
      inner = inner.def.innerType as z.ZodType;
    } else if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      required = false;
      preset ??= inner.def.defaultValue;
      inner = inner.def.innerType as z.ZodType;
    } else if (inner instanceof z.ZodPipe)
      inner = (inner.def.in instanceof z.ZodTransform ? inner.def.out : inner.def.in) as z.ZodType;
    else break;
  }
  return { inner, required, examples, ...(preset === undefined ? {} : { preset }) };
}

function valueWords(schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.map((one) => `\`${one}\``).join(", ");
  if (schema instanceof z.ZodLiteral)
    return [...schema.values].map((one) => `\`${String(one)}\``).join(", ");
  if (schema instanceof z.ZodBoolean) return "`true`, `false`";
  if (schema instanceof z.ZodNumber) return numberWords(schema);
  if (schema instanceof z.ZodString || schema instanceof z.ZodUnion)
    return ownWords(schema) ?? "text";
  return schema instanceof z.ZodLazy ? "any JSON" : (ownWords(schema) ?? "text");
}

function numberWords({ minValue, maxValue, format }: z.ZodNumber): string {
  const word = format === "safeint" ? "whole number" : "number";
  const least = minValue !== null && Number.isSafeInteger(minValue) ? minValue : undefined;
  const most =
    maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER && Number.isFinite(maxValue)
      ? maxValue
      : undefined;
  if (least !== undefined && least > -Number.MAX_SAFE_INTEGER)
    return most === undefined ? `${word}, at least ${least}` : `${word} from ${least} to ${most}`;
  return most === undefined ? word : `${word}, at most ${most}`;
}

/** What the schema itself says is allowed: no value of any use is this one. */
function ownWords(schema: z.ZodType): string | undefined {
  return schema
    .safeParse("\u0000")
    .error?.issues.map(({ message }) => message)
    .find((message) => !/^(?:Invalid|Too |Unrecognized)/.test(message));
}
