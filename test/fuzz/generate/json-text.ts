import type { Random } from "../random";
import { alternatives } from "./alternatives";

/** JSON to be written, with what no JSON library writes: the same key twice, words that aren't JSON, broken escapes. */
export type Node = string | NodeList | NodeObject;
export interface NodeList {
  list: Node[];
}
export interface NodeObject {
  /** In this order; the key as it stands between its quotes. */
  entries: [key: string, value: Node][];
}

/** A node of plain data; bigint becomes its digits. */
export function toNode(value: unknown): Node {
  if (Array.isArray(value)) return { list: value.map(toNode) };
  if (typeof value === "object" && value !== null)
    return {
      entries: Object.entries(value).map(([key, inner]) => [
        JSON.stringify(key).slice(1, -1),
        toNode(inner),
      ]),
    };
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

/** One that can become part of itself. */
export function copyNode(node: Node): Node {
  if (typeof node === "string") return node;
  return "list" in node
    ? { list: node.list.map(copyNode) }
    : { entries: node.entries.map(([key, value]) => [key, copyNode(value)]) };
}

export function writeNode(node: Node): string {
  if (typeof node === "string") return node;
  if ("list" in node) {
    let text = "[";
    for (let i = 0; i < node.list.length; i++)
      text += (i === 0 ? "" : ",") + writeNode(node.list[i] as Node);
    return `${text}]`;
  }
  let text = "{";
  for (const [i, [key, value]] of node.entries.entries())
    text += `${i === 0 ? "" : ","}"${key}":${writeNode(value)}`;
  return `${text}}`;
}

const WORDS: readonly string[] = [
  ...alternatives(
    "null|true|false|0|-1|1.5|-0|1e400|-1e400|3.5e38|1e308|5e-324|2147483648|-129|65536",
  ),
  ...alternatives("9007199254740993|9223372036854775807|9223372036854775808|-9223372036854775809"),
  ...alternatives(
    "18446744073709551615|18446744073709551616|4294967295|255|256|99999999999999999999",
  ),
  ...alternatives(
    "NaN|Infinity|-Infinity|nan|undefined|01|1.|.5|+1|0x10|1e|1_000|--1|'a'|None|True",
  ),
  ...alternatives('[]|{}|[[]]|[null]|[{}]|{"":0}|""'),
  ...alternatives('"1"|"NaN"|"text"|" "|"FP32"|"__proto__"|"-1"|"true"|"null"'),
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud83d\\ude00"',
  '"\\u202e\\u05d0"',
  '"\\x41"',
  '"\\u12"',
  '"\u0001"',
  '"tab\there"',
  '{"b64":"aGVsbG8="}',
  '{"b64":"!!!"}',
  '{"b64":"/w=="}',
  '{"b64":1}',
];

const KEYS: readonly string[] = [
  ...alternatives(
    "__proto__|constructor|prototype|toString|hasOwnProperty|valueOf|toJSON|length|then",
  ),
  ...alternatives("instances|inputs|outputs|name|shape|data|datatype|parameters|id|signature_name"),
  ...alternatives(
    "binary_data_size|binary_data|binary_data_output|instance|Instances|b64|classification",
  ),
  "",
  "0",
  "\\u0000",
  "\\ud800",
  "k".repeat(3000),
];

/** Something that mostly doesn't belong where it comes to stand. */
export function oddNode(random: Random): Node {
  return random.weighted<() => Node>([
    [60, () => random.pick(WORDS)],
    [10, () => String(random.int(-1000, 1000))],
    [6, () => String(random.float() * 10 ** random.int(-45, 45))],
    [4, () => `"${"x".repeat(random.int(1, 5000))}"`],
    [4, () => nested(random.pick([2, 10, 100, 2000]), random)],
    [3, () => ({ list: Array.from({ length: random.int(1, 1500) }, () => "1") })],
    [3, () => ({ entries: [[random.pick(KEYS), random.pick(WORDS)]] })],
  ])();
}

export function oddKey(random: Random): string {
  return random.pick(KEYS);
}

function nested(depth: number, random: Random): Node {
  return random.chance(0.5)
    ? "[".repeat(depth) + "1" + "]".repeat(depth)
    : '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
}
