/**
 * The doc comments of the config's schema, read from its source: Zod keeps none at run time. Follows constants, imports, `.extend`,
 * `...x.shape` and arrow functions that return a schema; whatever else it meets has no comments.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import ts from "typescript";

/** An expression of a schema, and the file it is in. */
export interface Source {
  readonly file: string;
  readonly node: ts.Expression;
}

export interface CommentedKey {
  /** In one line; empty where there is none. */
  readonly comment: string;
  readonly value: Source;
}

const files = new Map<string, ts.SourceFile>();

/** The initializer of an exported or inner constant. @throws Error where there is none */
export function constant(file: string, name: string): Source {
  const found = declaration(file, name);
  if (found === undefined) throw new Error(`${file} declares no ${name}`);
  return found.value;
}

/** The keys of a `z.strictObject({…})`, however it is wrapped. */
export function objectKeys(source: Source | undefined): ReadonlyMap<string, CommentedKey> {
  const keys = new Map<string, CommentedKey>();
  const base = resolve(source);
  if (base === undefined) return keys;
  if (ts.isObjectLiteralExpression(base.node)) {
    for (const property of base.node.properties) addProperty(keys, base.file, property);
    return keys;
  }
  const call = callOf(base);
  if (call?.name === "extend")
    for (const part of [call.target, call.first]) addAll(keys, objectKeys(part));
  else if (call?.name === "strictObject" || call?.name === "object")
    addAll(keys, objectKeys(call.first));
  else if (ts.isPropertyAccessExpression(base.node) && base.node.name.text === "shape")
    addAll(keys, objectKeys({ file: base.file, node: base.node.expression }));
  return keys;
}

/** Of a `z.record(key, value)`. */
export function recordValue(source: Source | undefined): Source | undefined {
  const call = callOf(resolve(source));
  return call?.name === "record" ? (call.second ?? call.first) : undefined;
}

/** Of a `z.array(element)`. */
export function arrayElement(source: Source | undefined): Source | undefined {
  const call = callOf(resolve(source));
  return call?.name === "array" ? call.first : undefined;
}

/** Of a `z.union([…])` or `z.discriminatedUnion(key, […])`. */
export function unionOptions(source: Source | undefined): readonly Source[] {
  const call = callOf(resolve(source));
  const list = call?.name === "union" ? call.first : call?.second;
  if (list === undefined || !ts.isArrayLiteralExpression(list.node)) return [];
  return list.node.elements.map((node) => ({ file: list.file, node }));
}

function addProperty(
  keys: Map<string, CommentedKey>,
  file: string,
  property: ts.ObjectLiteralElementLike,
): void {
  if (ts.isSpreadAssignment(property)) {
    addAll(keys, objectKeys({ file, node: property.expression }));
    return;
  }
  const name = property.name.getText();
  let node: ts.Expression;
  if (ts.isPropertyAssignment(property)) node = property.initializer;
  else if (ts.isShorthandPropertyAssignment(property)) node = property.name;
  else return;
  const own = commentBefore(property);
  const comment = own === "" ? commentOfConstant({ file, node }) : own;
  keys.set(name.replace(/^["']|["']$/g, ""), { comment, value: { file, node } });
}

function addAll(keys: Map<string, CommentedKey>, more: ReadonlyMap<string, CommentedKey>): void {
  for (const [name, key] of more) keys.set(name, key);
}

/** What is called on what, past everything that only refines: `z.string().optional()` is `string`. */
interface Call {
  readonly name: string;
  readonly target: Source;
  readonly first?: Source;
  readonly second?: Source;
}

function callOf(source: Source | undefined): Call | undefined {
  if (source === undefined || !ts.isCallExpression(source.node)) return undefined;
  const { expression, arguments: given } = source.node;
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const [first, second] = given.map((node) => ({ file: source.file, node }));
  return {
    name: expression.name.text,
    target: { file: source.file, node: expression.expression },
    ...(first === undefined ? {} : { first }),
    ...(second === undefined ? {} : { second }),
  };
}

/** To the call that makes the schema, or the object literal of its keys. */
function resolve(source: Source | undefined): Source | undefined {
  if (source === undefined) return undefined;
  const { file, node } = source;
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isAsExpression(node)
  )
    return resolve({ file, node: node.expression });
  if (ts.isIdentifier(node)) return resolve(declaration(file, node.text)?.value);
  if (ts.isPropertyAccessExpression(node) && node.name.text !== "shape")
    return resolve(objectKeys({ file, node: node.expression }).get(node.name.text)?.value);
  if (!ts.isCallExpression(node)) return source;
  if (ts.isIdentifier(node.expression)) {
    const made = declaration(file, node.expression.text)?.value;
    if (made === undefined || !ts.isArrowFunction(made.node)) return undefined;
    const { body } = made.node;
    return ts.isBlock(body) ? undefined : resolve({ file: made.file, node: body });
  }
  const call = callOf(source);
  if (call === undefined) return undefined;
  const { node: on } = call.target;
  const onZod = ts.isIdentifier(on) && on.text === "z";
  return onZod || call.name === "extend" ? source : resolve(call.target);
}

interface Declaration {
  readonly value: Source;
  readonly comment: string;
}

/** In the file itself, or where it imports the name from. */
function declaration(file: string, name: string): Declaration | undefined {
  for (const statement of parse(file).statements) {
    if (ts.isVariableStatement(statement))
      for (const { name: its, initializer } of statement.declarationList.declarations)
        if (initializer !== undefined && its.getText() === name)
          return { value: { file, node: initializer }, comment: commentBefore(statement) };
    const from = importedFrom(statement, name);
    if (from !== undefined)
      return declaration(path.join(path.dirname(file), `${from.module}.ts`), from.name);
  }
  return undefined;
}

function importedFrom(
  statement: ts.Statement,
  name: string,
): { module: string; name: string } | undefined {
  if (!ts.isImportDeclaration(statement)) return undefined;
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return undefined;
  const module = statement.moduleSpecifier.getText().slice(1, -1);
  const found = bindings.elements.find((element) => element.name.text === name);
  if (found === undefined || !module.startsWith(".")) return undefined;
  return { module, name: (found.propertyName ?? found.name).getText() };
}

function commentOfConstant({ file, node }: Source): string {
  let inner: ts.Expression = node;
  while (ts.isCallExpression(inner) || ts.isPropertyAccessExpression(inner))
    inner = inner.expression;
  return ts.isIdentifier(inner) ? (declaration(file, inner.text)?.comment ?? "") : "";
}

/** The doc comment directly before a node, in one line. */
function commentBefore(node: ts.Node): string {
  const text = node.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  const last = ranges.map(({ pos, end }) => text.slice(pos, end)).at(-1);
  if (last?.startsWith("/**") !== true) return "";
  return last
    .slice(3, -2)
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s*/, "").trim())
    .join(" ")
    .trim();
}

function parse(file: string): ts.SourceFile {
  const known = files.get(file);
  if (known !== undefined) return known;
  const text = fs.readFileSync(file, "utf8");
  const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  files.set(file, parsed);
  return parsed;
}
