import { type Judgement, MAX_BODY_BYTES } from "../oracle/judgement";
import type { Signature } from "../oracle/signature";
import type { Random } from "../random";
import { oddAddress } from "./addresses";
import { mutateBytes } from "./byte-mutations";
import type { HttpCase, World } from "./case";
import type { Dialect } from "./dialects";
import { compress, oddHeaders } from "./envelopes";
import { httpCase } from "./http-case";
import { mutateTree } from "./json-mutations";
import { type Node, writeNode } from "./json-text";
import { misshape } from "./misshape";
import { validInputs } from "./values";

const KINDS = [
  [8, "valid"],
  [36, "JSON structure"],
  [18, "JSON bytes"],
  [20, "tensors"],
  [4, "random bytes"],
  [6, "addresses"],
  [5, "compression"],
  [3, "headers"],
  [0.2, "too large"],
] as const;

/** One request of a protocol with JSON bodies: right in `valid`, with one kind of fault in the others. */
export function jsonCase(dialect: Dialect, world: World, random: Random): HttpCase {
  const kind = random.weighted(KINDS);
  const signature = random.pick(world.models);
  const version = random.chance(0.3) ? random.pick(signature.versions) : undefined;
  const served = version ?? signature.versions[0] ?? "";
  const path = dialect.path(signature.name, version);
  const tree = dialect.tree(
    signature,
    validInputs(signature, rowCount(signature, random), random),
    random,
  );
  const judged = (body: Buffer): Judgement => dialect.judge(signature, served, body);
  const simple = (body: Buffer): HttpCase => ({
    ...httpCase(kind, dialect.protocol, { path, headers: JSON_TYPE, body }, judged(body)),
    withBody: simple,
  });

  switch (kind) {
    case "valid":
      return simple(padded(textOf(tree), random));
    case "JSON structure":
      return simple(textOf(changed(tree, random)));
    case "JSON bytes":
      return simple(spoiled(textOf(tree), random));
    case "tensors":
      misshape(tree, random);
      if (random.chance(0.2)) misshape(tree, random);
      return simple(textOf(tree));
    case "random bytes":
      return simple(random.bytes(random.int(0, 300)));
    case "addresses": {
      const body = textOf(tree);
      return oddAddress(kind, dialect.protocol, path, body, judged(body), random);
    }
    case "compression": {
      const json = random.chance(0.7) ? textOf(tree) : textOf(changed(tree, random));
      const { headers, body, judgement } = compress(json, judged(json), random);
      return httpCase(kind, dialect.protocol, { path, headers, body }, judgement, json);
    }
    case "headers": {
      const json = textOf(tree);
      const { headers, body, judgement } = oddHeaders(json, judged(json), random);
      return httpCase(kind, dialect.protocol, { path, headers, body }, judgement, json);
    }
    case "too large": {
      const padding = Buffer.alloc(MAX_BODY_BYTES + random.pick([1, 100, 100_000]), " ");
      return simple(Buffer.concat([textOf(tree), padding]));
    }
  }
}

export const JSON_TYPE = ["Content-Type: application/json"];

/** Few mostly; now and then as many as are allowed, or one too many. */
export function rowCount(signature: Signature, random: Random): number {
  if (signature.inputs.length > 1 || signature.inputs[0]?.datatype === "BYTES")
    return random.int(1, 4);
  return random.weighted([
    [50, 1],
    [40, random.int(2, 6)],
    [6, random.int(7, 64)],
    [0.5, 1024],
    [0.5, 1025],
  ]);
}

export function textOf(tree: Node): Buffer {
  return Buffer.from(writeNode(tree));
}

export function changed(tree: Node, random: Random): Node {
  let root = tree;
  for (let i = random.pick([1, 1, 1, 2, 4]); i > 0; i--) root = mutateTree(root, random);
  return root;
}

export function spoiled(bytes: Buffer, random: Random): Buffer {
  let body = bytes;
  for (let i = random.pick([1, 1, 1, 2, 5]); i > 0; i--) body = mutateBytes(body, random);
  return body;
}

/** White space is no fault, up to the largest body there may be. */
function padded(body: Buffer, random: Random): Buffer {
  if (body.length > MAX_BODY_BYTES || !random.chance(0.02)) return body;
  return Buffer.concat([body, Buffer.alloc(MAX_BODY_BYTES - body.length, "\n")]);
}
