import type { Random } from "../random";
import { copyNode, type Node, type NodeList, type NodeObject, oddKey, oddNode } from "./json-text";

/** A place in a tree: where its node is, and how to put another there. */
interface Place {
  readonly node: Node;
  readonly parent: NodeList | NodeObject | undefined;
  readonly index: number;
}

/** `root` with one thing changed somewhere: the tree itself is changed as well. */
export function mutateTree(root: Node, random: Random): Node {
  const place = pickPlace(root, random);
  const { node, parent } = place;
  return random.weighted<() => Node>([
    [30, () => put(root, place, oddNode(random))],
    [10, () => remove(root, place)],
    [8, () => put(root, place, { list: [node] })],
    [8, () => put(root, place, unwrap(node))],
    [6, () => repeat(root, place, random)],
    [6, () => put(root, place, copyNode(pickPlace(root, random).node))],
    [10, () => renameKey(root, parent ?? node, random)],
    [8, () => addKey(root, node, random)],
    [6, () => quote(root, place)],
    [4, () => put(root, place, { entries: [[oddKey(random), node]] })],
    [4, () => shuffle(root, node, random)],
  ])();
}

/** Walks down at random, so that the outer structure is hit as often as the many leaves. */
function pickPlace(root: Node, random: Random): Place {
  let place: Place = { node: root, parent: undefined, index: 0 };
  while (!random.chance(0.2)) {
    const { node } = place;
    const children = childrenOf(node);
    if (children.length === 0 || typeof node === "string") break;
    const index = random.int(0, children.length - 1);
    place = { node: children[index] as Node, parent: node, index };
  }
  return place;
}

function childrenOf(node: Node): Node[] {
  if (typeof node === "string") return [];
  return "list" in node ? node.list : node.entries.map(([, value]) => value);
}

function put(root: Node, { parent, index }: Place, node: Node): Node {
  if (parent === undefined) return node;
  if ("list" in parent) parent.list[index] = node;
  else (parent.entries[index] as [string, Node])[1] = node;
  return root;
}

function remove(root: Node, { parent, index }: Place): Node {
  if (parent === undefined) return "";
  ("list" in parent ? parent.list : parent.entries).splice(index, 1);
  return root;
}

function repeat(root: Node, { node, parent, index }: Place, random: Random): Node {
  const times = random.pick([1, 1, 1, 2, 20]);
  if (parent === undefined) return root;
  for (let i = 0; i < times; i++)
    if ("list" in parent) parent.list.splice(index, 0, node);
    else parent.entries.splice(index, 0, [parent.entries[index]?.[0] ?? "", node]);
  return root;
}

function unwrap(node: Node): Node {
  return childrenOf(node)[0] ?? node;
}

function renameKey(root: Node, node: Node, random: Random): Node {
  if (typeof node === "string" || "list" in node || node.entries.length === 0) return root;
  const entry = random.pick(node.entries);
  entry[0] = random.weighted<() => string>([
    [5, () => oddKey(random)],
    [1, () => entry[0].toUpperCase()],
    [1, () => `${entry[0]} `],
    [1, () => entry[0].slice(1)],
    [1, () => random.pick(node.entries)[0]],
  ])();
  return root;
}

function addKey(root: Node, node: Node, random: Random): Node {
  if (typeof node === "string" || "list" in node) return root;
  node.entries.splice(random.int(0, node.entries.length), 0, [oddKey(random), oddNode(random)]);
  return root;
}

function quote(root: Node, place: Place): Node {
  const { node } = place;
  if (typeof node !== "string") return root;
  return put(root, place, node.startsWith('"') ? node.slice(1, -1) || "x" : `"${node}"`);
}

function shuffle(root: Node, node: Node, random: Random): Node {
  if (typeof node === "string") return root;
  const items: unknown[] = "list" in node ? node.list : node.entries;
  for (let i = items.length - 1; i > 0; i--) {
    const k = random.int(0, i);
    [items[i], items[k]] = [items[k], items[i]];
  }
  return root;
}
