import * as fs from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { ROOT } from "./machine";

/** Folders of SDKs, and how their declarations end. */
const SDKS: Readonly<Record<string, { readonly folder: string; readonly extension: string }>> = {
  docker: { folder: "node_modules/@pulumi/docker", extension: ".d.ts" },
  gcp: { folder: "node_modules/@pulumi/gcp", extension: ".d.ts" },
  ibm: { folder: "sdks/ibm", extension: ".ts" },
};

/** Members of an interface, with the name of the one that each refers to. */
type Members = ReadonlyMap<string, string | undefined>;

/** Interfaces by their name with namespaces, e.g. container.ClusterNodeConfig; not the trees, which take hundreds of megabytes. */
type Declarations = Map<string, Members>;

const files = new Map<string, Declarations>();

/** Paths of inputs that a resource's SDK doesn't declare, at any depth: what a spread or a cast may have let through. */
export function unknownInputs(type: string, inputs: Readonly<Record<string, unknown>>): string[] {
  const [provider = "", file = "", name = ""] = type.split(":");
  const sdk = SDKS[provider];
  if (sdk === undefined) return [];
  const module = file.split("/").slice(file.startsWith("index/") ? 1 : 0);
  const own = declarations(find(sdk.folder, module, sdk.extension));
  const args = own.get(`${name}Args`);
  if (args === undefined) throw new Error(`${type} has no ${name}Args`);
  const nested = declarations(path.join(sdk.folder, "types", `input${sdk.extension}`));
  return undeclared(inputs, args, nested, "");
}

function undeclared(
  value: Readonly<Record<string, unknown>>,
  members: Members,
  nested: Declarations,
  at: string,
): string[] {
  return Object.entries(value).flatMap(([key, child]): string[] => {
    if (!members.has(key)) return [at + key];
    const inner = nested.get(members.get(key) ?? "");
    if (inner === undefined) return [];
    const children: unknown[] = Array.isArray(child) ? child : [child];
    return children.flatMap((one) =>
      typeof one === "object" && one !== null
        ? undeclared(one as Record<string, unknown>, inner, nested, `${at}${key}.`)
        : [],
    );
  });
}

const nameOf = ({ name }: ts.PropertySignature) => (ts.isIdentifier(name) ? name.text : "");

/** Of `inputs.<namespaces>.<Name>` somewhere in a member's type. */
const referenced = ({ type }: ts.PropertySignature, source: ts.SourceFile) =>
  /\binputs\.([\w.]+)/.exec(type?.getText(source) ?? "")?.[1];

const membersOf = ({ members }: ts.InterfaceDeclaration, source: ts.SourceFile): Members =>
  new Map(
    members.flatMap((member) =>
      ts.isPropertySignature(member) ? [[nameOf(member), referenced(member, source)] as const] : [],
    ),
  );

function declarations(file: string): Declarations {
  const known = files.get(file);
  if (known !== undefined) return known;
  const found: Declarations = new Map();
  const text = fs.readFileSync(path.join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const visit = (node: ts.Node, namespace: string) => {
    if (ts.isInterfaceDeclaration(node))
      found.set(namespace + node.name.text, membersOf(node, source));
    else if (ts.isModuleDeclaration(node) && node.body !== undefined)
      visit(node.body, `${namespace}${node.name.text}.`);
    else if (ts.isModuleBlock(node)) for (const one of node.statements) visit(one, namespace);
  };
  for (const statement of source.statements) visit(statement, "");
  files.set(file, found);
  return found;
}

/** Names of files differ from tokens' in case at times: projects/iAMMember is iammember. */
function find(folder: string, module: readonly string[], extension: string): string {
  const place = path.join(folder, ...module.slice(0, -1));
  const wanted = `${module.at(-1) ?? ""}${extension}`.toLowerCase();
  const name = fs
    .readdirSync(path.join(ROOT, place))
    .find((candidate) => candidate.toLowerCase() === wanted);
  if (name === undefined) throw new Error(`no ${wanted} in ${place}`);
  return path.join(place, name);
}
