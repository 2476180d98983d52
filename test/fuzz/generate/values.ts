import type { Datatype } from "../../../app/server/tensor";
import { type Element, rangeOf } from "../oracle/elements";
import type { InputTensor } from "../oracle/judgement";
import type { Signature, TensorSpec } from "../oracle/signature";
import type { Random } from "../random";
import { alternatives } from "./alternatives";

const TEXTS: readonly string[] = [
  ...alternatives(
    "|a|Free entry!! Win a prize now|Are we still meeting at 7?|ünïcödé|日本語のテキスト",
  ),
  ...alternatives(
    "שלום עולם|مرحبا بالعالم|👩‍👩‍👧‍👦🎉|e\u0301 vs é|ﬁ ligature|İstanbul|ß|𝒳|\u200b|\u00a0",
  ),
  "line\nbreak\ttab",
  'quote " and \\ backslash',
  "a\u0000b",
  "</script>",
  "x".repeat(3000),
];

/** Right inputs for `rows` rows of a model: of the golden ones where there are any, else anything its datatypes hold. */
export function validInputs(
  signature: Signature,
  rows: number,
  random: Random,
): Map<string, InputTensor> {
  const golden = signature.golden?.requests;
  if (golden !== undefined && golden.length > 0 && !random.chance(0.2)) {
    const [spec] = signature.inputs;
    const instances = Array.from({ length: rows }, () => random.pick(golden).instance);
    return new Map([
      [
        spec?.name ?? "",
        {
          shape: [rows, ...(spec?.shape.slice(1) ?? [])],
          elements: instances.flat() as Element[],
        },
      ],
    ]);
  }
  return new Map(
    signature.inputs.map((spec) => [spec.name, randomTensor(spec, rows, !signature.echo, random)]),
  );
}

/** @param tame stay where a trained model gives sensible answers */
function randomTensor(
  { datatype, shape }: TensorSpec,
  rows: number,
  tame: boolean,
  random: Random,
): InputTensor {
  const sizes = shape.map((size, i) => (i === 0 ? rows : size === -1 ? random.int(1, 4) : size));
  const count = sizes.reduce((product, size) => product * size, 1);
  return {
    shape: sizes,
    elements: Array.from({ length: count }, () => randomElement(datatype, tame, random)),
  };
}

function randomElement(datatype: Datatype, tame: boolean, random: Random): Element {
  if (datatype === "BYTES") return random.pick(TEXTS);
  if (datatype === "BOOL") return random.chance(0.5);
  if (datatype === "FP32" || datatype === "FP64") {
    if (tame || random.chance(0.5)) return random.int(-80, 80) / 8;
    const exponent = datatype === "FP32" ? random.int(-44, 37) : random.int(-320, 307);
    const value = (random.float() * 2 - 1) * 10 ** exponent;
    return datatype === "FP32" ? Math.fround(value) : value;
  }
  const [least, most] = rangeOf(datatype) ?? [0n, 0n];
  // What JSON holds exactly; the edges come by the raw form.
  const safe = 2n ** 53n - 1n;
  const low = least < -safe ? -safe : least;
  const high = most > safe ? safe : most;
  const value = random.weighted<() => bigint>([
    [1, () => low],
    [1, () => high],
    [4, () => low + ((BigInt(random.bits()) * BigInt(random.bits())) % (high - low + 1n))],
  ])();
  return datatype === "INT64" || datatype === "UINT64" ? value : Number(value);
}

/** A tensor as nested lists. */
export function nest({ shape, elements }: InputTensor): unknown[] {
  let level: unknown[] = [...elements];
  for (let i = shape.length - 1; i > 0; i--) {
    const size = shape[i] ?? 1;
    const next: unknown[] = [];
    for (let at = 0; at < level.length; at += size) next.push(level.slice(at, at + size));
    level = next;
  }
  return level;
}

/** A golden row that is no other's neighbour by accident: `index` chooses it. */
export function goldenInstance(signature: Signature, index: number): unknown {
  const requests = signature.golden?.requests ?? [];
  return requests[index % requests.length]?.instance;
}
