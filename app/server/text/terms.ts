import { codePoints } from "./characters";
import type { VectorizerJson } from "./vectorizer-json";

/** Tokens that are in no term, and those that are left out before terms are made. */
export const UNKNOWN = -1;
export const STOP = -2;

export const HASH_START = 0x811c9dc5 | 0;

/** FNV-1a, a code point at a time. */
export function hashed(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

/** Numbers for tokens, found by the token's code points: no text is made to look one up. */
export class Tokens {
  /** Length of the longest, in code points; what is longer is unknown. */
  readonly longest: number;
  private readonly numbers = new Map<string, number>();
  /** Open addressing, at most half full; a slot is an index of `tokens`, plus one. */
  private readonly slots: Int32Array;
  private readonly tokens: readonly { readonly codes: Uint32Array; readonly number: number }[];

  /** `terms`: numbered from 0 in the order given, each once; `stopWords` are found as STOP. */
  constructor(terms: Iterable<string>, stopWords: readonly string[]) {
    for (const token of terms)
      if (!this.numbers.has(token)) this.numbers.set(token, this.numbers.size);
    const all = new Map([...this.numbers, ...stopWords.map((word) => [word, STOP] as const)]);
    this.tokens = [...all].map(([text, number]) => ({
      codes: Uint32Array.from(codePoints(text)),
      number,
    }));
    this.longest = this.tokens.reduce((most, { codes }) => Math.max(most, codes.length), 0);
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.tokens.length + 2)));
    this.tokens.forEach(({ codes }, index) => {
      let slot = this.firstSlot(codes.reduce(hashed, HASH_START));
      while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = index + 1;
    });
  }

  get size(): number {
    return this.numbers.size;
  }

  numberOf(token: string): number {
    return this.numbers.get(token) ?? UNKNOWN;
  }

  /** The token of the first `length` of `codes`, whose hash is given. */
  find(codes: Uint32Array, length: number, hash: number): number {
    for (let slot = this.firstSlot(hash); ; slot = (slot + 1) & (this.slots.length - 1)) {
      const index = (this.slots[slot] ?? 0) - 1;
      if (index < 0) return UNKNOWN;
      const token = this.tokens[index];
      if (token !== undefined && same(token.codes, codes, length)) return token.number;
    }
  }

  private firstSlot(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.slots.length - 1);
  }
}

function same(token: Uint32Array, codes: Uint32Array, length: number): boolean {
  if (token.length !== length) return false;
  for (let i = 0; i < length; i++) if (token[i] !== codes[i]) return false;
  return true;
}

/** The vocabulary as a tree of tokens: a term of n tokens ends at depth n. */
export class Terms {
  readonly tokens: Tokens;
  readonly longest: number;
  /** A term's column by its node; -1 for what only begins terms. */
  private readonly columns: number[] = [];
  /** The nodes of depth 1 by token; deeper ones by node and token. */
  private readonly first: Int32Array;
  private readonly next = new Map<number, number>();

  /** A term with fewer or more tokens than `ngramRange` allows keeps its column, and never occurs. */
  constructor({ vocabulary, ngramRange, stopWords }: VectorizerJson) {
    const [least, most] = ngramRange;
    const split = vocabulary.map((term) => (most === 1 ? [term] : term.split(" ")));
    const possible = ({ length }: readonly string[]) => length >= least && length <= most;
    this.tokens = new Tokens(split.filter(possible).flat(), stopWords);
    this.longest = most;
    this.first = new Int32Array(this.tokens.size).fill(-1);
    split.forEach((term, column) => {
      if (!possible(term)) return;
      let node = -1;
      for (const token of term) node = this.grow(node, this.tokens.numberOf(token));
      this.columns[node] = column;
    });
  }

  /** The node of the term that goes on with `token` after `node` (-1: that begins with it); -1: there is none. */
  step(node: number, token: number): number {
    if (node < 0) return this.first[token] ?? -1;
    return this.next.get(node * this.first.length + token) ?? -1;
  }

  columnOf(node: number): number {
    return this.columns[node] ?? -1;
  }

  private grow(node: number, token: number): number {
    const present = this.step(node, token);
    if (present >= 0) return present;
    const made = this.columns.push(-1) - 1;
    if (node < 0) this.first[token] = made;
    else this.next.set(node * this.first.length + token, made);
    return made;
  }
}
