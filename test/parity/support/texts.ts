import { Random } from "./random";

/** First and last code point of scripts and blocks where case, digits or marks are unlike ASCII's. */
const BLOCKS: readonly (readonly [number, number])[] = [
  [0x20, 0x7e], // ASCII
  [0x0, 0xff], // controls, Latin-1
  [0x100, 0x24f], // Latin extended
  [0x250, 0x2ff], // phonetic, modifier letters (cased and ignorable at once)
  [0x300, 0x36f], // combining marks
  [0x370, 0x3ff], // Greek
  [0x400, 0x52f], // Cyrillic
  [0x531, 0x58a], // Armenian
  [0x590, 0x5ff], // Hebrew
  [0x600, 0x6ff], // Arabic
  [0x870, 0x8ff], // Arabic extended, partly newer than Unicode 14
  [0x900, 0x97f], // Devanagari
  [0xe00, 0xe7f], // Thai
  [0x10a0, 0x10ff], // Georgian
  [0x13a0, 0x13ff], // Cherokee
  [0x1c80, 0x1cbf], // Cyrillic extended, Georgian capitals
  [0x1d00, 0x1dbf], // phonetic extensions
  [0x1e00, 0x1fff], // Latin additional, Greek extended
  [0x2000, 0x206f], // spaces, joiners, directions
  [0x2070, 0x218f], // super- and subscripts, letter-likes, Roman numerals
  [0x2460, 0x24ff], // enclosed numbers and letters
  [0x2c00, 0x2dff], // Glagolitic, Coptic, Cyrillic marks
  [0x3040, 0x30ff], // kana
  [0x4e00, 0x4eff], // Han
  [0xa640, 0xa69f], // Cyrillic extended-B
  [0xa720, 0xa7ff], // Latin extended-D, growing
  [0xab30, 0xabbf], // Latin extended-E, Cherokee small letters
  [0xac00, 0xacff], // Hangul
  [0xd800, 0xdfff], // surrogates without a partner
  [0xe000, 0xe00f], // private
  [0xfb00, 0xfb06], // ligatures
  [0xfe00, 0xfeff], // variation selectors, Arabic forms, byte order mark
  [0xff00, 0xffff], // full width, specials
  [0x10400, 0x104ff], // Deseret, Osage
  [0x10570, 0x105bf], // Vithkuqi
  [0x10c80, 0x10cff], // Old Hungarian
  [0x10d40, 0x10d8f], // Garay, newer than Unicode 14
  [0x118a0, 0x118df], // Warang Citi
  [0x16e40, 0x16e9f], // Medefaidrin
  [0x1d400, 0x1d7ff], // mathematical letters and digits
  [0x1e900, 0x1e95f], // Adlam
  [0x1f1e6, 0x1f1ff], // flags
  [0x1f300, 0x1f6ff], // emoji
  [0x1f900, 0x1f9ff], // emoji
  [0x20000, 0x200ff], // Han beyond the first plane
  [0xe0001, 0xe01ef], // tags, variation selectors
  [0xf0000, 0xf00ff], // private planes
  [0x10ff00, 0x10ffff],
];

/** Around capital sigmas: what makes one final or not. */
const SIGMA = Array.from(
  "ΣΣΣσςΑαΟ'’.:·-_ aA1\u00ad\u0301\u0345\u02b0ͺ\u200d\u{1d400}\u{10400}\u{1f600}",
);

/** Characters whose case or class is an exception somewhere. */
const ODD = Array.from(
  "İıIiſßẞŒœǅǆǄÅåΩωKkﬁﬀﬆΐΰϴΘᾳᾼᲀᲐ\ua7cb\ua7daⅣⅳⒶⓐ①²½ªº_‿\u0307\u0130\u0131\u0149\u01f0\u1e9e\u2126\u212a\u2028\u2029\u0085\u00a0\u3000\u200b\ufeff\0\t\n٠०０𝟘",
);

const EMOJI = Array.from("😂👍🏽❤️🎉🏆💰👩‍👧🇮🇪📞🙏🏿");
const RIGHT_TO_LEFT = Array.from("\u200f\u200e\u202b\u202e\u202c\u2067 مرحباسلامجائزة שלוםפרס،؟");

/** Code points 0 to 0x10FFFF; most are not assigned. */
function anywhere(random: Random): string {
  return String.fromCodePoint(random.below(0x110000));
}

function fromBlock(random: Random, [first, last]: readonly [number, number]): string {
  return String.fromCodePoint(first + random.below(last - first + 1));
}

function of(random: Random, most: number, character: () => string): string {
  return Array.from({ length: random.below(most) }, character).join("");
}

type Kind = (random: Random, words: readonly string[]) => string;

const KINDS: readonly Kind[] = [
  (random) => of(random, 40, () => anywhere(random)),
  (random) => of(random, 40, () => fromBlock(random, random.oneOf(BLOCKS))),
  (random) => {
    const block = random.oneOf(BLOCKS);
    return of(random, 40, () => (random.chance(0.2) ? " " : fromBlock(random, block)));
  },
  (random) => of(random, 12, () => random.oneOf(SIGMA)),
  (random) => of(random, 25, () => random.oneOf(random.chance(0.3) ? SIGMA : ODD)),
  (random, words) => of(random, 20, () => random.oneOf(random.chance(0.5) ? EMOJI : words)),
  (random, words) => of(random, 40, () => random.oneOf(random.chance(0.8) ? RIGHT_TO_LEFT : words)),
  // Words of the model with something odd in, between or around them.
  (random, words) =>
    of(random, 25, () => {
      const word = random.oneOf(words);
      const at = random.below(word.length + 1);
      if (random.chance(0.4)) return `${word} `;
      if (random.chance(0.3)) return ` ${word.toUpperCase()}`;
      const odd = random.chance(0.5) ? random.oneOf(ODD) : fromBlock(random, random.oneOf(BLOCKS));
      return `${word.slice(0, at)}${odd}${word.slice(at)} `;
    }),
  // Code units rather than characters: pairs of surrogates come apart.
  (random) => of(random, 40, () => String.fromCharCode(random.below(0x10000))),
];

/** Kinds that take long to count, for one text in a hundred. */
const LONG: readonly Kind[] = [
  () => "",
  (random, words) => of(random, 3000, () => `${random.oneOf(words)} `),
  (random, words) => random.oneOf(words).repeat(1 + random.below(3000)),
  (random) => fromBlock(random, random.oneOf(BLOCKS)).repeat(1 + random.below(20000)),
  (random) => `Σ${"'".repeat(random.below(20000))}Σ`,
];

/** `count` texts, the same ones for the same seed; `words` are those that a model knows. */
export function oddTexts(count: number, seed: number, words: readonly string[]): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () =>
    random.oneOf(random.chance(0.01) ? LONG : KINDS)(random, words),
  );
}

/** PARITY_TEXTS: how many texts a test makes up; PARITY_SEED: which. */
export function amount(usual: number): { count: number; seed: number } {
  const { PARITY_TEXTS, PARITY_SEED } = process.env;
  return { count: Number(PARITY_TEXTS ?? usual), seed: Number(PARITY_SEED ?? 1) };
}
