import { z, type core } from "zod";
import {
  isSecretPath,
  keyOf,
  removeCommand,
  SECTIONS,
  setCommand,
  type FaultContext,
  type Values,
} from "./faults";
import { stackSchema } from "./schema";
import { TARGET_NAMES } from "./target-names";
import type { Fault } from "../errors";
import { choice, suggestion } from "../suggestion";

/** What Zod found, in the words of the config. */
export function explain(issue: core.$ZodIssue, context: FaultContext): Fault[] {
  const { stack, values } = context;
  const path = issue.path.map(String);
  const key = keyOf(path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((unknown) => unknownKey([...path, unknown], context));
  const found = issue.code === "invalid_key" ? path.at(-1) : path.reduce<unknown>(descend, values);
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
  const inner = branchOf(issue, found);
  if (inner !== undefined)
    return inner.flatMap((each) =>
      explain({ ...each, path: [...issue.path, ...each.path] }, context),
    );
  const secret = isSecretPath(path);
  return [
    {
      key,
      got:
        (secret || context.secret(path[0] ?? "")) && found !== undefined ? "a secret" : show(found),
      allowed: allowedBy(issue),
      fix: setCommand(key, onlyValue(issue) ?? "<value>", stack, secret),
    },
  ];
}

/** What must stand there, where there is no choice. */
const onlyValue = (issue: core.$ZodIssue) =>
  issue.code === "invalid_value" && issue.values.length === 1 ? String(issue.values[0]) : undefined;

/** Of several forms that a value may have, one is an object: an object is told what is wrong with it as such. */
function branchOf(issue: core.$ZodIssue, found: unknown): core.$ZodIssue[] | undefined {
  if (issue.code !== "invalid_union" || typeof found !== "object" || found === null)
    return undefined;
  return issue.errors.find(
    (issues) =>
      issues.length > 0 &&
      issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
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
  // Without a target: what all stacks have.
  let schema: unknown =
    stackSchema.options.find((option) =>
      option.shape.target.values.has(values["target"] as never),
    ) ?? stackSchema.options[0];
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
  // Of several forms, the object has keys.
  if (inner instanceof z.ZodUnion)
    return inner.options.map(unwrap).find((option) => option instanceof z.ZodObject) ?? inner;
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
      return issue.minimum === 1 && !NUMERIC.has(issue.origin)
        ? "not empty"
        : `at least ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case "invalid_key":
      return issue.issues[0] === undefined ? issue.message : allowedBy(issue.issues[0]);
    case "invalid_union":
      return issue.message === "Invalid input"
        ? (issue.errors[0]?.[0]?.message ?? issue.message)
        : issue.message;
    default:
      return issue.message;
  }
}

const NUMERIC = new Set<string>(["number", "int", "bigint"]);

function unitOf(origin: string): string {
  if (NUMERIC.has(origin)) return "";
  return origin === "array" ? " entries" : " characters";
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  array: "a list",
  object: "an object",
  record: "an object",
  string: "text",
  nonoptional: "a value",
};

const descend = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Values)[key] : undefined;

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
