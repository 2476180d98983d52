/**
 * The annotation `pulumi.com/waitFor`: `jsonpath={.path}=value`, `jsonpath={.path}`,
 * `condition=Type[=Status]`, or a JSON list of these
 * (provider/pkg/metadata/overrides.go, ReadyCondition; provider/pkg/jsonpath/jsonpath.go).
 */
import { isMap, type Plain } from "../../rpc/properties";
import { annotation, condition, getString, type KubeObject } from "../object";
import { annotations } from "../annotations";
import { ready, waiting, type Awaiter } from "./awaiter";

type Test = (object: KubeObject) => boolean;

/** undefined without the annotation. @throws Error when it cannot be parsed */
export function waitForAwaiter(object: KubeObject): Awaiter | undefined {
  const value = annotation(object, annotations.waitFor);
  if (value === "") return undefined;
  const expressions = toList(value);
  if (expressions.length === 0)
    throw new Error(`${annotations.waitFor} needs at least one condition`);
  const tests = expressions.map((text) => ({ text, test: parse(text) }));
  return {
    judgesReads: false,
    evaluate({ object: live }) {
      const open = tests.find(({ test }) => !test(live));
      return open === undefined ? ready : waiting(`Waiting for ${open.text}`);
    },
  };
}

function toList(value: string): string[] {
  try {
    const list: unknown = JSON.parse(value);
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Not JSON: the annotation is a single expression.
  }
  return [value];
}

function parse(expression: string): Test {
  if (expression.startsWith("jsonpath="))
    return parseJsonPath(expression.slice("jsonpath=".length));
  if (expression.startsWith("condition=")) {
    const [type = "", status = "True"] = splitOnce(expression.slice("condition=".length), "=");
    return (object) => getString(condition(object, type), "status") === status;
  }
  throw new Error(
    `${annotations.waitFor}: expected "jsonpath=" or "condition=" at the start of "${expression}"`,
  );
}

function parseJsonPath(text: string): Test {
  const match = /^\{([^{}]*)\}(?:=(.*))?$/s.exec(text);
  if (match?.[1] === undefined)
    throw new Error(`${annotations.waitFor}: "${text}" should be {.path} or {.path}=value`);
  const expected = match[2];
  if (expected === "" || expected?.includes("=") === true || expected?.startsWith("{") === true)
    throw new Error(`${annotations.waitFor}: "${expected}" is no value to compare with`);
  const steps = parseSteps(match[1].trim());
  return (object) => {
    const found = steps.reduce<Plain[]>((values, step) => values.flatMap(step), [object])[0];
    if (found === undefined) return false;
    if (expected === undefined) return true;
    if (typeof found === "object" && found !== null)
      throw new Error(`${annotations.waitFor}: ${text} selects something that is not a value`);
    return String(found) === expected;
  };
}

type Step = (value: Plain) => Plain[];

/** `.a`, `['a']`, `[0]`, `[*]`, `.*` and `[?(@.a=="b")]`. */
function parseSteps(path: string): Step[] {
  const steps: Step[] = [];
  const grammar =
    /\.([\w-]+)|\[(?:'([^']*)'|"([^"]*)")\]|\[(-?\d+)\]|(?:\[\*\]|\.\*)|\[\?\(?@\.([\w.-]+)\s*==\s*(?:'([^']*)'|"([^"]*)")\)?\]/y;
  let position = path.startsWith("$") ? 1 : 0;
  while (position < path.length) {
    grammar.lastIndex = position;
    const match = grammar.exec(path);
    if (match === null)
      throw new Error(
        `${annotations.waitFor}: cannot parse the JSONPath "${path}" at ${String(position)}`,
      );
    position = grammar.lastIndex;
    const [, name, single, double, index, field, singleValue, doubleValue] = match;
    const key = name ?? single ?? double;
    if (key !== undefined) steps.push((value) => child(value, key));
    else if (index !== undefined)
      steps.push((value) => present(Array.isArray(value) ? value.at(Number(index)) : undefined));
    else if (field !== undefined)
      steps.push((value) =>
        elements(value).filter(
          (element) => getString(element, ...field.split(".")) === (singleValue ?? doubleValue),
        ),
      );
    else steps.push(elements);
  }
  return steps;
}

function child(value: Plain, key: string): Plain[] {
  return isMap(value) && Object.hasOwn(value, key) ? present(value[key]) : [];
}

function elements(value: Plain): Plain[] {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.values(value) : [];
}

function present(value: Plain | undefined): Plain[] {
  return value === undefined ? [] : [value];
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
