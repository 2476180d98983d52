import { z, type core } from "zod";
import { stackSchema, TARGET_NAMES } from "./config-schema";
import type { Fault } from "./errors";
import { choice, suggestion } from "./suggestion";

export const PROJECT = "modelport";

/** Config keys of the project: `modelport:<key>`. */
export const SECTIONS: readonly string[] = ["target", "services", ...TARGET_NAMES];

/** A committed stack file's values that only say where one's own belong. */
const PLACEHOLDER = /^<[^>]*>$/;

export type Values = Record<string, unknown>;

/** What faults are told with. */
export interface FaultContext {
  readonly stack: string;
  readonly values: Values;
  /** Whether a section holds a secret: its values are not shown. */
  secret(section: string): boolean;
}

/** What Zod found, in the words of the config. */
export function explain(issue: core.$ZodIssue, context: FaultContext): Fault[] {
  const { stack, values } = context;
  const path = issue.path.map(String);
  const key = keyOf(path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((unknown) => unknownKey([...path, unknown], context));
  const found = path.reduce<unknown>(descend, values);
  if (issue.code === "invalid_union" && path.join() === "target") {
    const meant = suggestion(typeof found === "string" ? found : "", TARGET_NAMES);
    return [
      {
        key,
        got: show(found),
        allowed: `one of ${TARGET_NAMES.join(", ")}`,
        fix: setCommand(key, meant ?? "embedded", stack),
      },
    ];
  }
  const secret = isSecretPath(path);
  return [
    {
      key,
      got:
        (secret || context.secret(path[0] ?? "")) && found !== undefined ? "a secret" : show(found),
      allowed: allowedBy(issue),
      fix: setCommand(key, "<value>", stack, secret),
    },
  ];
}

function unknownKey(path: readonly string[], { stack, values }: FaultContext): Fault {
  const key = keyOf(path);
  const word = path.at(-1) ?? "";
  if (path.length === 1 && SECTIONS.includes(word))
    return {
      key,
      got: "the settings of another target",
      allowed: `the settings of target ${show(values["target"])}`,
      fix: removeCommand(key, stack),
    };
  return {
    key,
    got: "a key that does not exist",
    allowed: choice(word, knownKeys(path.slice(0, -1), values)),
    fix: removeCommand(key, stack),
  };
}

/** Keys that the schema knows at a place. */
export function knownKeys(path: readonly string[], values: Values): readonly string[] {
  if (path.length === 0) return SECTIONS;
  let schema: unknown = stackSchema.options.find((option) =>
    option.shape.target.values.has(values["target"] as never),
  );
  for (const key of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = schema.shape[key];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodArray) schema = schema.element;
  }
  const found = unwrap(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  )
    inner = inner.def.innerType;
  return inner;
}

function allowedBy(issue: core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.message.startsWith("Invalid input")
        ? (TYPE_NAMES[issue.expected] ?? issue.expected)
        : issue.message;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (NUMERIC.has(issue.origin)) return `at least ${issue.minimum}`;
      return issue.minimum === 1 ? "not empty" : `at least ${issue.minimum} characters`;
    case "too_big":
      return `at most ${issue.maximum}${NUMERIC.has(issue.origin) ? "" : " characters"}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? issue.message;
    case "invalid_union":
      return issue.errors[0]?.[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

const NUMERIC = new Set<string>(["number", "int", "bigint"]);

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  array: "a list",
  object: "an object",
  record: "an object",
  string: "text",
  nonoptional: "a value",
};

/** `<your registry>` in a committed stack file. */
export function placeholders(
  value: unknown,
  context: FaultContext,
  path: readonly string[] = [],
): Fault[] {
  if (typeof value === "string" && PLACEHOLDER.test(value)) {
    const key = keyOf(path);
    const got = context.secret(path[0] ?? "") ? "a placeholder" : `the placeholder ${value}`;
    const fix = setCommand(key, "<value>", context.stack, isSecretPath(path));
    return [{ key, got, allowed: "your own value", fix }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    placeholders(child, context, [...path, key]),
  );
}

/** One fault a key; a placeholder says more than the pattern it breaks. */
export function unique(faults: readonly Fault[]): Fault[] {
  const byKey = new Map<string, Fault>();
  for (const fault of faults)
    if (!byKey.has(fault.key) || fault.got.includes("placeholder")) byKey.set(fault.key, fault);
  return [...byKey.values()];
}

/** Values that must be set with --secret. */
const isSecretPath = (path: readonly string[]) =>
  path.at(-1) === "password" || path.at(-2) === "apiKeys";

/** As `pulumi config --path` spells it: numbers are places in a list. */
export function keyOf(path: readonly string[]): string {
  const [first = "", ...rest] = path;
  return `${PROJECT}:${first}${rest
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join("")}`;
}

export function setCommand(key: string, value: string, stack: string, secret = false): string {
  const command = secret ? "pulumi config set --secret" : "pulumi config set";
  const where = isNested(key) ? `--path '${key}'` : key;
  const text = /^[\w./:-]+$/.test(value) ? value : `'${value}'`;
  return [command, where, ...(secret ? [] : [text]), "--stack", stack].join(" ");
}

export function removeCommand(key: string, stack: string): string {
  return `pulumi config rm ${isNested(key) ? `--path '${key}'` : key} --stack ${stack}`;
}

const isNested = (key: string) => /[.[]/.test(key);

const descend = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Values)[key] : undefined;

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
