/** A stack's resource graph, from the program itself, as a Mermaid diagram small enough to read. */
import type { OfflineResource } from "../infra/offline";

/** What stands for one or more resources of a kind, with the same place in the graph. */
interface Node {
  readonly id: string;
  readonly type: string;
  readonly names: string[];
  readonly parent: string | undefined;
  readonly before: Set<string>;
}

const PROVIDER = /^pulumi:providers:/;

/** Arrows go from what must be there first to what needs it; what follows from other arrows is left out. */
export function diagram(resources: readonly OfflineResource[]): string {
  const all = [...resources].sort((a, b) => compare(idOf(a), idOf(b)));
  const components = all.filter(({ type }) => type.startsWith("modelport:"));
  const nodes = merged(withoutProviders(all.filter((one) => !components.includes(one))));
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const line = (node: Node) => `${names.get(node.id) ?? ""}["${label(node)}"]`;
  const groupsIn = (parent: string | undefined): string[] =>
    components
      .filter((component) => component.parent === parent)
      .flatMap((component) => {
        const title = `${lastPart(component.type)} ${component.name}`;
        return [
          `subgraph g${components.indexOf(component)}["${title}"]`,
          ...nodesIn(idOf(component)),
          ...groupsIn(idOf(component)),
          "end",
        ];
      });
  const nodesIn = (place: string | undefined) =>
    nodes.filter(({ parent }) => parent === place).map(line);
  const arrows = reduced(nodes).map(
    ([from, to]) => `${names.get(from) ?? ""} --> ${names.get(to) ?? ""}`,
  );
  const text = ["flowchart LR", ...nodesIn(undefined), ...groupsIn(undefined), ...arrows].join(
    "\n",
  );
  return `\`\`\`mermaid\n${text}\n\`\`\``;
}

const idOf = ({ type, name }: { type: string; name: string }) => `${type}::${name}`;
const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
const lastPart = (type: string) => type.split(":").at(-1) ?? type;

/** Kubernetes objects come after the cluster that their provider is made of; the providers themselves are left out. */
function withoutProviders(resources: readonly OfflineResource[]): OfflineResource[] {
  const providers = new Map(
    resources.filter(({ type }) => PROVIDER.test(type)).map((one) => [idOf(one), one]),
  );
  const kubernetes = [...providers.values()].find(({ type }) => type.endsWith(":kubernetes"));
  const through = (id: string, seen: readonly string[] = []): readonly string[] => {
    const provider = providers.get(id);
    if (provider === undefined) return [id];
    return seen.includes(id)
      ? []
      : provider.dependencies.flatMap((next) => through(next, [...seen, id]));
  };
  return resources
    .filter((one) => !providers.has(idOf(one)))
    .map((one) => {
      const cluster =
        kubernetes !== undefined && one.type.startsWith("kubernetes:") ? [idOf(kubernetes)] : [];
      const dependencies = [...one.dependencies, ...cluster].flatMap((id) => through(id));
      return { ...one, dependencies: [...new Set(dependencies)].sort(compare) };
    });
}

/** Resources of one kind with one parent, the same before them and the same after them, become one. */
function merged(resources: readonly OfflineResource[]): Node[] {
  const known = new Set(resources.map(idOf));
  const after = new Map<string, string[]>();
  for (const one of resources)
    for (const id of one.dependencies) after.set(id, [...(after.get(id) ?? []), idOf(one)]);
  const nodes = new Map<string, Node>();
  const place = new Map<string, string>();
  for (const one of resources) {
    const id = idOf(one);
    const { type, name, parent, dependencies } = one;
    const key = JSON.stringify([type, parent, dependencies, after.get(id) ?? []]);
    const node = nodes.get(key) ?? { id, type, names: [], parent, before: new Set() };
    node.names.push(name);
    nodes.set(key, node);
    place.set(id, node.id);
    for (const before of dependencies) if (known.has(before)) node.before.add(before);
  }
  for (const { before } of nodes.values())
    for (const id of [...before]) {
      const stands = place.get(id) ?? id;
      if (stands === id) continue;
      before.delete(id);
      before.add(stands);
    }
  return [...nodes.values()];
}

/** Arrows that no longer way goes along. */
function reduced(nodes: readonly Node[]): [string, string][] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const reaches = (from: string, to: string): boolean =>
    [...(byId.get(from)?.before ?? [])].some((next) => next === to || reaches(next, to));
  return nodes.flatMap(({ id, before }) =>
    [...before]
      .filter((first) => ![...before].some((other) => other !== first && reaches(other, first)))
      .map((first): [string, string] => [first, id]),
  );
}

const MOST_NAMES = 3;

function label({ type, names }: Node): string {
  const shown = names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(", ")}, …` : names;
  const count = names.length > 1 ? `${names.length} × ` : "";
  return `${count}${kind(type)}<br/>${Array.isArray(shown) ? shown.join(", ") : shown}`;
}

/** As Pulumi's SDKs have it: `gcp.container.Cluster`; a Kubernetes object by its kind. */
function kind(type: string): string {
  const [packageName = "", module = "", name = ""] = type.split(":");
  if (packageName === "kubernetes") return name;
  const folder = module.split("/")[0] ?? "";
  const inner = ["index", ""].includes(folder) ? [] : [folder];
  const from = packageName === "pulumi-nodejs" ? "" : `${packageName}.`;
  return `${from}${[...(packageName === "pulumi-nodejs" ? [module.split("/").at(-1) ?? ""] : inner), name].join(".")}`;
}
