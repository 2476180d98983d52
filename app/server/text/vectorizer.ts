import { CHANGES, EXPANDS, sharedCharacters, TOKEN, type Characters } from "./characters";
import { HASH_START, hashed, STOP, Terms, UNKNOWN } from "./terms";
import { parseVectorizer, type VectorizerJson } from "./vectorizer-json";

/** Counts the terms of texts, exactly as scikit-learn's CountVectorizer. Not to be called from within itself. */
export interface Vectorizer {
  /** Columns: the size of the vocabulary. */
  readonly width: number;
  /** Overwrites the first `texts.length` × `width` numbers of `into`, a row for each text. */
  count(texts: readonly string[], into: Float32Array): void;
}

/**
 * The vectorizer that the content of a vectorizer.json describes.
 * @throws Error naming every field that is wrong, on one line.
 */
export function createVectorizer(json: unknown): Vectorizer {
  return new CountVectorizer(parseVectorizer(json));
}

const NOWHERE = new Float32Array(0);

class CountVectorizer implements Vectorizer {
  readonly width: number;
  private readonly characters: Characters;
  private readonly terms: Terms;
  private readonly minLength: number;
  private readonly binary: boolean;

  /** The token being read: its first characters, how many it has, their hash. */
  private readonly codes: Uint32Array;
  private length = 0;
  private hash = HASH_START;
  /** Where the terms of 1, 2, … tokens are that end with the last token; -1: no such term. */
  private readonly nodes: Int32Array;
  private into: Float32Array = NOWHERE;
  private row = 0;

  constructor(json: VectorizerJson) {
    this.width = json.vocabulary.length;
    this.characters = sharedCharacters(json);
    this.terms = new Terms(json);
    this.minLength = json.tokens.minLength;
    this.binary = json.binary;
    this.codes = new Uint32Array(this.terms.tokens.longest);
    this.nodes = new Int32Array(this.terms.longest);
  }

  count(texts: readonly string[], into: Float32Array): void {
    into.fill(0, 0, texts.length * this.width);
    this.into = into;
    this.row = 0;
    for (const text of texts) {
      this.nodes.fill(-1);
      this.read(text);
      this.row += this.width;
    }
    // The vectorizer lives as long as the model; the batch doesn't.
    this.into = NOWHERE;
  }

  private read(text: string): void {
    const { ascii } = this.characters;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const code = unit < 128 ? (ascii[unit] ?? -1) : -1;
      if (code > 0) this.add(code);
      else if (code === 0) this.endToken();
      else at += this.readCharacter(text, at);
    }
    this.endToken();
  }

  /** @returns how many more code units than one it takes */
  private readCharacter(text: string, at: number): number {
    const { characters } = this;
    const code = text.codePointAt(at) ?? 0;
    const bits = characters.bitsOf(code);
    if ((bits & EXPANDS) !== 0)
      for (const one of characters.expansionOf(code)) this.addIfToken(one, characters.bitsOf(one));
    else if ((bits & CHANGES) !== 0) {
      const lower = characters.lowerOf(code, text, at);
      this.addIfToken(lower, characters.bitsOf(lower));
    } else this.addIfToken(code, bits);
    return code > 0xffff ? 1 : 0;
  }

  private addIfToken(code: number, bits: number): void {
    if ((bits & TOKEN) !== 0) this.add(code);
    else this.endToken();
  }

  private add(code: number): void {
    if (this.length < this.codes.length) {
      this.codes[this.length] = code;
      this.hash = hashed(this.hash, code);
    }
    this.length++;
  }

  private endToken(): void {
    const { length, hash } = this;
    if (length === 0) return;
    this.length = 0;
    this.hash = HASH_START;
    if (length < this.minLength) return;
    const known = length <= this.codes.length;
    const token = known ? this.terms.tokens.find(this.codes, length, hash) : UNKNOWN;
    if (token !== STOP) this.countTerms(token);
  }

  /** Every term that ends with this token. */
  private countTerms(token: number): void {
    const { nodes, terms } = this;
    for (let depth = nodes.length - 1; depth >= 0; depth--) {
      const before = depth === 0 ? -1 : (nodes[depth - 1] ?? -1);
      const possible = token >= 0 && (depth === 0 || before >= 0);
      const node = possible ? terms.step(before, token) : -1;
      nodes[depth] = node;
      const column = node < 0 ? -1 : terms.columnOf(node);
      if (column >= 0)
        this.into[this.row + column] = this.binary ? 1 : (this.into[this.row + column] ?? 0) + 1;
    }
  }
}
