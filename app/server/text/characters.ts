import type { VectorizerJson } from "./vectorizer-json";

type Tables = Pick<VectorizerJson, "tokens" | "lowercase">;

/** Properties of a character, as bits: part of a token; other in lower case; lower case is several characters. */
export const TOKEN = 1;
export const CHANGES = 2;
export const EXPANDS = 4;
/** What the final sigma depends on: a letter that has cases; a character that is looked past. */
const CASED = 8;
const IGNORABLE = 16;

const CODE_POINTS = 0x110000;
const BLOCK = 256;
const CAPITAL_SIGMA = 0x3a3;
const SMALL_SIGMA = 0x3c3;
const FINAL_SIGMA = 0x3c2;

/**
 * Which characters tokens are made of, and what they are in lower case, by tables of a version of Unicode that need not be
 * this Node's. A surrogate without its partner is a character of its own, as in Python.
 */
export class Characters {
  /** For ASCII: what becomes of a character in a token, 0 when it separates tokens, -1 when it needs a closer look. */
  readonly ascii = new Int32Array(128);
  /** Bits by block and place in it; most blocks of 256 characters are like another. */
  private readonly blockOf = new Uint16Array(CODE_POINTS / BLOCK);
  private readonly bits: Uint8Array;
  private readonly lower = new Map<number, number>();
  private readonly expansions = new Map<number, readonly number[]>();

  /** @throws Error naming the table that goes beyond Unicode's last character */
  constructor({ tokens, lowercase }: Tables) {
    const bits: Blocks = [];
    mark(bits, TOKEN, tokens.characters, "tokens.characters");
    if (lowercase !== undefined) {
      mark(bits, CASED, lowercase.cased, "lowercase.cased");
      mark(bits, IGNORABLE, lowercase.ignorable, "lowercase.ignorable");
      this.readShifts(lowercase.shifts, bits);
      for (const [code, text] of Object.entries(lowercase.expansions)) {
        this.expansions.set(Number(code), codePoints(text));
        set(bits, Number(code), 1, EXPANDS, "lowercase.expansions");
      }
    }
    this.bits = this.compact(bits);
    for (let code = 0; code < this.ascii.length; code++) this.ascii[code] = this.inToken(code);
  }

  bitsOf(code: number): number {
    return this.bits[(this.blockOf[code >> 8] ?? 0) * BLOCK + (code & 0xff)] ?? 0;
  }

  /** Of a character that CHANGES; `text` and `at` (its place there) decide which sigma. */
  lowerOf(code: number, text: string, at: number): number {
    if (code === CAPITAL_SIGMA) return this.isFinal(text, at) ? FINAL_SIGMA : SMALL_SIGMA;
    return this.lower.get(code) ?? code;
  }

  /** Of a character that EXPANDS. */
  expansionOf(code: number): readonly number[] {
    return this.expansions.get(code) ?? [];
  }

  /** After a letter that has cases and before none, looking past what is ignorable. */
  private isFinal(text: string, at: number): boolean {
    let before = at;
    let bits = IGNORABLE;
    while ((bits & IGNORABLE) !== 0 && before > 0) {
      const code = codePointBefore(text, before);
      before -= code > 0xffff ? 2 : 1;
      bits = this.bitsOf(code);
    }
    if ((bits & CASED) === 0) return false;
    let after = at + 1;
    bits = IGNORABLE;
    while ((bits & IGNORABLE) !== 0 && after < text.length) {
      const code = text.codePointAt(after) ?? 0;
      after += code > 0xffff ? 2 : 1;
      bits = this.bitsOf(code);
    }
    return (bits & CASED) === 0;
  }

  private inToken(code: number): number {
    const bits = this.bitsOf(code);
    if ((bits & EXPANDS) !== 0) return -1;
    const lower = this.lower.get(code) ?? code;
    if ((this.bitsOf(lower) & TOKEN) === 0) return 0;
    // 0 says something else already.
    return lower === 0 ? -1 : lower;
  }

  private readShifts(shifts: string, bits: Blocks): void {
    if (shifts === "") return;
    for (const group of shifts.split(",")) {
      const [first = 0, count = 0, step = 1, shift = 0] = group.split(" ").map(Number);
      for (let i = 0; i < count; i++) {
        const code = first + i * step;
        set(bits, code, 1, CHANGES, "lowercase.shifts");
        this.lower.set(code, code + shift);
      }
    }
  }

  private compact(blocks: Blocks): Uint8Array {
    const numbers = new Map<string, number>();
    const distinct: Uint8Array[] = [new Uint8Array(BLOCK)];
    blocks.forEach((content, block) => {
      const key = Buffer.from(content).toString("latin1");
      const number = numbers.get(key) ?? distinct.push(content) - 1;
      numbers.set(key, number);
      this.blockOf[block] = number;
    });
    const compact = new Uint8Array(distinct.length * BLOCK);
    distinct.forEach((content, number) => compact.set(content, number * BLOCK));
    return compact;
  }
}

const shared = new Map<string, WeakRef<Characters>>();

/** Text models trained by one Python have the same tables: they are in memory once. */
export function sharedCharacters(tables: Tables): Characters {
  const key = JSON.stringify([tables.tokens.characters, tables.lowercase]);
  const present = shared.get(key)?.deref();
  if (present !== undefined) return present;
  for (const [other, reference] of shared)
    if (reference.deref() === undefined) shared.delete(other);
  const made = new Characters(tables);
  shared.set(key, new WeakRef(made));
  return made;
}

export function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function codePointBefore(text: string, end: number): number {
  const whole = end > 1 ? (text.codePointAt(end - 2) ?? 0) : 0;
  return whole > 0xffff ? whole : text.charCodeAt(end - 1);
}

/** Bits of the characters of a block by its number; a block without any is left out. */
type Blocks = Uint8Array[];

function mark(blocks: Blocks, bit: number, runs: string, field: string): void {
  let at = 0;
  let inside = false;
  for (const length of runs === "" ? [] : runs.split(" ").map(Number)) {
    if (inside) set(blocks, at, length, bit, field);
    at += length;
    inside = !inside;
  }
}

function set(blocks: Blocks, first: number, count: number, bit: number, field: string): void {
  const end = first + count;
  if (end > CODE_POINTS)
    throw new Error(`vectorizer.json: ${field}: goes beyond U+10FFFF, to ${end - 1}`);
  for (let start = first; start < end;) {
    const number = start >> 8;
    const stop = Math.min(end, (number + 1) * BLOCK);
    const block = (blocks[number] ??= new Uint8Array(BLOCK));
    for (let code = start; code < stop; code++)
      block[code & 0xff] = (block[code & 0xff] ?? 0) | bit;
    start = stop;
  }
}
