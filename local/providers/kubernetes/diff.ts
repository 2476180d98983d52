/**
 * What an update would change: the last known live object, reduced to the fields the old inputs had,
 * against the new inputs (provider/pkg/provider/provider.go: Diff, convertPatchToDiff; util.go: pruneMap).
 */
import { isMap, Unknown, type Plain, type PlainObject } from "../rpc/properties";

export type Kind = "add" | "delete" | "update";

export interface Change {
  kind: Kind;
  replaces: boolean;
  /** The new inputs lack what the old ones had. */
  inputDiff: boolean;
}

type Path = (string | number)[];

/** The parts of `source` that `shape` has, at every depth; lists element by element. */
export function prune(source: PlainObject, shape: PlainObject): PlainObject {
  const result: PlainObject = {};
  for (const [key, value] of Object.entries(source)) {
    const model = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (model !== undefined) result[key] = pruneValue(value, model);
  }
  return result;
}

function pruneValue(value: Plain, model: Plain): Plain {
  if (isMap(value) && isMap(model)) return prune(value, model);
  if (!Array.isArray(value) || !Array.isArray(model)) return value;
  return value.slice(0, model.length).map((element, i) => pruneValue(element, model[i] as Plain));
}

/** By property path, e.g. `spec.template.spec.containers[0].image`. */
export function compare(
  old: PlainObject,
  next: PlainObject,
  forceNew: string[],
): Map<string, Change> {
  const changes = new Map<string, Change>();
  const patterns = forceNew.map(parsePattern);

  const record = (path: Path, kind: Kind, subtree: Plain | undefined, inputDiff = false): void => {
    changes.set(formatPath(path), {
      kind,
      inputDiff,
      replaces: patterns.some((pattern) => reaches(pattern, path, subtree)),
    });
  };

  const walk = (path: Path, before: Plain | undefined, after: Plain | undefined): void => {
    if (after instanceof Unknown) record(path, before === undefined ? "add" : "update", undefined);
    else if (after === undefined) record(path, "delete", undefined, true);
    else if (before === undefined) record(path, "add", after);
    else if (isMap(before) && isMap(after)) walkMap(path, before, after);
    else if (Array.isArray(before) && Array.isArray(after)) walkList(path, before, after);
    else if (before !== after) record(path, "update", after);
  };

  const walkMap = (path: Path, before: PlainObject, after: PlainObject): void => {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      if (before[key] !== undefined || after[key] !== undefined)
        walk([...path, key], before[key], after[key]);
  };

  const walkList = (path: Path, before: Plain[], after: Plain[]): void => {
    for (let index = 0; index < Math.max(before.length, after.length); index++)
      walk([...path, index], before[index], after[index]);
  };

  walkMap([], old, next);
  return changes;
}

/** `.spec.containers[*].image` → spec, containers, *, image */
function parsePattern(pattern: string): string[] {
  return pattern.slice(1).replaceAll("[*]", ".*").split(".");
}

/** Whether the change at `path`, or anything within its new value, is what the pattern names. */
function reaches(pattern: string[], path: Path, subtree: Plain | undefined): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return true;
  const [step, ...further] = path;
  if (step !== undefined) {
    if (typeof step === "number") return head === "*" && reaches(rest, further, subtree);
    return head === step && reaches(rest, further, subtree);
  }
  if (Array.isArray(subtree))
    return head === "*" && subtree.some((element) => reaches(rest, [], element));
  if (!isMap(subtree) || !Object.hasOwn(subtree, head)) return false;
  return reaches(rest, [], subtree[head]);
}

export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${String(step)}]`;
    else if (/[."[\]]/.test(step)) text += `["${step.replaceAll('"', '\\"')}"]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** The inverse of `formatPath`; `*` matches any step. */
export function parsePath(text: string): Path {
  const path: Path = [];
  const step = /\.?([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[\*\]/gy;
  for (let match = step.exec(text); match !== null; match = step.exec(text)) {
    if (match[1] !== undefined) path.push(match[1]);
    else if (match[2] !== undefined) path.push(Number(match[2]));
    else path.push(match[3]?.replaceAll('\\"', '"') ?? "*");
  }
  return path;
}

/** Whether `inner` is `outer` or lies within it. */
export function containsPath(outer: Path, inner: Path): boolean {
  return outer.every((step, index) => step === "*" || String(step) === String(inner[index]));
}
