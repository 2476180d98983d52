import { datatypes } from "../../../app/server/tensor";
import type { Random } from "../random";
import { alternatives } from "./alternatives";
import { type Node, type NodeList, oddNode } from "./json-text";

const SHAPES: readonly string[] = [
  ...alternatives(
    "[]|[0]|[1]|[-1]|[1,4]|[4]|[1,1,4]|[2,2]|[0,4]|[-1,4]|[1,-4]|[-1,-4]|[1.5,4]|[1,4,0]",
  ),
  ...alternatives(
    "[4294967296,4]|[2147483648,2]|[9007199254740993]|[18446744073709551616,1]|[1e308,1e308]",
  ),
  ...alternatives(
    "[9223372036854775807,9223372036854775807]|[1000000000,1000000000]|[65536,65536]",
  ),
  ...alternatives('["1","4"]|[null]|[[1,4]]|4|null|"1,4"|{"0":1}|[true,4]|[1e400]|[1025,4]'),
  `[${"1,".repeat(500)}1]`,
];
const DATATYPES: readonly string[] = [
  ...datatypes.map((datatype) => `"${datatype}"`),
  ...alternatives('"FP16"|"BF16"|"STRING"|"fp32"|"DT_FLOAT"|""|"__proto__"|null|1|[]'),
];

/**
 * Makes a tensor's parts contradict each other, all else being right: lists too short, too long, too deep, shapes that
 * are not the data's or no shapes at all, other datatypes, names of others, byte sizes off by a little or a lot.
 */
export function misshape(root: Node, random: Random): void {
  const lists: NodeList[] = [];
  const fields: { key: string; put: (node: Node) => void; value: Node }[] = [];
  const visit = (node: Node): void => {
    if (typeof node === "string" || lists.length > 200) return;
    if ("list" in node) {
      lists.push(node);
      node.list.forEach(visit);
      return;
    }
    for (const entry of node.entries) {
      fields.push({ key: entry[0], value: entry[1], put: (value) => (entry[1] = value) });
      visit(entry[1]);
    }
  };
  visit(root);
  const telling = fields.filter(({ key }) => Object.hasOwn(REWRITES, key));
  if (telling.length > 0 && random.chance(0.6)) {
    const { key, put, value } = random.pick(telling);
    put((REWRITES[key] as Rewrite)(random, value, fields));
  } else if (lists.length > 0) resize(random.pick(lists), random);
}

type Rewrite = (
  random: Random,
  value: Node,
  fields: readonly { key: string; value: Node }[],
) => Node;

const REWRITES: Readonly<Record<string, Rewrite>> = {
  shape: (random, value) => {
    if (random.chance(0.5) || typeof value === "string" || !("list" in value))
      return random.pick(SHAPES);
    const list = [...value.list];
    const at = random.int(0, Math.max(list.length - 1, 0));
    const size = Number(list[at]);
    list[at] = String(random.pick([size + 1, size - 1, -size, size * 2, size + 2 ** 32]));
    return { list };
  },
  datatype: (random) => random.pick(DATATYPES),
  name: (random, value, fields) =>
    random.chance(0.6)
      ? random.pick(fields.filter(({ key }) => key === "name")).value
      : random.pick(['"nope"', '""', '"__proto__"', '"inputs"', "1", "null", value]),
  binary_data_size: (random, value) => {
    const size = Number(value);
    return random.pick(
      [size + 1, size - 1, 0, -1, -size, size * 2, size + 2 ** 32, 2 ** 53, 1e300, size + 0.5]
        .map(String)
        .concat(["null", '"4"', "[]", "1e400"]),
    );
  },
  binary_data: (random) => random.pick(["true", "false", "1", "null", '"true"']),
};

function resize(node: NodeList, random: Random): void {
  const { list } = node;
  const first = list[0] ?? "1";
  random.weighted<() => void>([
    [4, () => void list.pop()],
    [4, () => void list.push(first)],
    [2, () => list.splice(0, list.length)],
    [2, () => list.splice(0, list.length, { list: [...list] })],
    [2, () => list.splice(0, 1, { list: [first] })],
    [2, () => list.splice(0, list.length, ...list.flatMap(innerOf))],
    [1, () => void list.push(...Array.from({ length: random.int(1, 1100) }, () => first))],
    [2, () => list.splice(random.int(0, Math.max(list.length - 1, 0)), 1, oddNode(random))],
    [1, () => void list.reverse()],
  ])();
}

function innerOf(node: Node): Node[] {
  return typeof node !== "string" && "list" in node ? node.list : [node];
}
