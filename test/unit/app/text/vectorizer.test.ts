import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createVectorizer } from "../../../../app/server/text/vectorizer";
import { shippedModels } from "../support/models";

type Json = Record<string, unknown>;

/** Tables as Python 3.11 wrote them. */
const shipped = JSON.parse(
  readFileSync(path.join(shippedModels, "spam/1/vectorizer.json"), "utf8"),
) as Json & { tokens: Json; lowercase: Json };

/** Counts by term of those that occur in `text`. */
function counted(text: string, vocabulary: string[], other: Json = {}): Record<string, number> {
  const vectorizer = createVectorizer({ ...shipped, vocabulary, ...other });
  assert.equal(vectorizer.width, vocabulary.length);
  const row = new Float32Array(vocabulary.length);
  vectorizer.count([text], row);
  return Object.fromEntries(
    vocabulary.map((term, i) => [term, row[i]!] as const).filter(([, count]) => count > 0),
  );
}

describe("the vectorizer", () => {
  // Each expectation is what scikit-learn 1.8 on Python 3.11 counts.
  const texts: [
    title: string,
    text: string,
    vocabulary: string[],
    counts: Record<string, number>,
  ][] = [
    ["no text", "", ["aa"], {}],
    ["words in any case", "Free FREE free!", ["free", "call"], { free: 3 }],
    [
      "letters, digits and _ alone",
      "a-b a_b 4u u2",
      ["a_b", "4u", "u2", "ab"],
      { a_b: 1, "4u": 1, u2: 1 },
    ],
    ["no words of one character", "a bb c", ["a", "bb", "c"], { bb: 1 }],
    ["words at both ends", "win now", ["win", "now"], { win: 1, now: 1 }],
    ["no part of a longer word", "prizes prize", ["prize"], { prize: 1 }],
    ["NUL between words", "win\0win", ["win", "winwin"], { win: 2 }],
    [
      "a dotted capital I, which becomes two characters",
      "İSTANBUL",
      ["stanbul", "istanbul"],
      { stanbul: 1 },
    ],
    ["a final sigma", "ΟΔΥΣΣΕΥΣ", ["οδυσσευς", "οδυσσευσ"], { οδυσσευς: 1 }],
    ["a sigma before an apostrophe and a letter", "ΑΣ'Α ΑΣ' Α", ["ας", "ασ"], { ας: 1, ασ: 1 }],
    ["a sigma after a mark", "Α\u0301Σ", ["σ", "ς"], {}],
    ["a sigma after nothing that has cases", "1Σ ΣΣ", ["1σ", "σς"], { "1σ": 1, σς: 1 }],
    [
      "ß, which has no two letters in lower case",
      "STRASSE Straße STRAẞE",
      ["strasse", "straße"],
      { strasse: 1, straße: 2 },
    ],
    ["letters beyond the first plane", "𐐀𐐁", ["𐐨𐐩"], { "𐐨𐐩": 1 }],
    ["one such letter, which is one character", "𝒜 𝒜𝒜", ["𝒜", "𝒜𝒜"], { "𝒜𝒜": 1 }],
    ["a surrogate alone, which is no letter", "win\ud835win \udc9cwin", ["win"], { win: 3 }],
    [
      "marks, which are no letters",
      "re\u0301sume\u0301 résumé",
      ["résumé", "re", "sume"],
      { résumé: 1, re: 1, sume: 1 },
    ],
    ["emoji between words", "win😂now👍🏽win", ["win", "now"], { win: 2, now: 1 }],
    ["Arabic and Hebrew", "مرحبا, שלום!", ["مرحبا", "שלום"], { مرحبا: 1, שלום: 1 }],
    [
      "digits of any script, fractions and numerals",
      "٠٨ ½½ Ⅳⅳ",
      ["٠٨", "½½", "ⅳⅳ"],
      { "٠٨": 1, "½½": 1, ⅳⅳ: 1 },
    ],
    [
      "a letter that is newer than Python's tables",
      "a\ua7cbb aa\ua7cbbb",
      ["aa", "bb", "aaɤbb"],
      { aa: 1, bb: 1 },
    ],
  ];
  for (const [title, text, vocabulary, counts] of texts)
    it(`counts ${title}`, () => assert.deepEqual(counted(text, vocabulary), counts));

  it("keeps cases apart without tables of lower case", () => {
    const { lowercase, ...rest } = shipped;
    assert.ok(lowercase);
    const row = new Float32Array(2);
    createVectorizer({ ...rest, vocabulary: ["free", "FREE"] }).count(["Free FREE free FREE"], row);
    assert.deepEqual([...row], [1, 2]);
  });

  it("counts terms of several tokens", () => {
    const vocabulary = ["call", "call now", "now call", "call now call", "missing now"];
    const counts = { call: 2, "call now": 1, "now call": 1, "call now call": 1 };
    assert.deepEqual(counted("call now call", vocabulary, { ngramRange: [1, 3] }), counts);
    assert.deepEqual(counted("call now call", vocabulary, { ngramRange: [2, 2] }), {
      "call now": 1,
      "now call": 1,
    });
    assert.deepEqual(counted("call other now", vocabulary, { ngramRange: [1, 2] }), { call: 1 });
  });

  it("leaves stop words out before it makes terms", () => {
    const other = { ngramRange: [1, 2], stopWords: ["the", "to"] };
    const counts = { claim: 1, prize: 1, "claim prize": 1 };
    assert.deepEqual(
      counted("Claim THE prize to", ["the", "claim", "prize", "claim prize"], other),
      counts,
    );
  });

  it("counts each term once when told so", () =>
    assert.deepEqual(counted("win win now", ["win", "now"], { binary: true }), { win: 1, now: 1 }));

  it("takes tokens of another length, and of other characters", () => {
    const tokens = { ...shipped.tokens, minLength: 1 };
    assert.deepEqual(counted("a bb a", ["a", "bb"], { tokens }), { a: 2, bb: 1 });
    // U+0000 to U+002B and everything from U+002D on: tokens may hold spaces, and NUL.
    const all = { characters: "0 44 1 1114067", minLength: 2 };
    assert.deepEqual(counted("New York,a\0b,x", ["new york", "a\0b", "x"], { tokens: all }), {
      "new york": 1,
      "a\0b": 1,
    });
  });

  it("reads texts of any length", () => {
    const text = `${"win ".repeat(20_000)}${"x".repeat(50_000)} ${"win".repeat(20_000)} Σ${"'".repeat(20_000)}Σ now`;
    assert.deepEqual(counted(text, ["win", "now", "x"]), { win: 20_000, now: 1 });
  });

  it("writes a row a text over what was there, and leaves the rest", () => {
    const vectorizer = createVectorizer({ ...shipped, vocabulary: ["win", "now"] });
    const into = new Float32Array(7).fill(9);
    vectorizer.count(["win win", "", "now win"], into);
    assert.deepEqual([...into], [2, 0, 0, 0, 1, 1, 9]);
  });

  it("doesn't join the end of a text with the next one's beginning", () => {
    const json = { ...shipped, vocabulary: ["call now", "callnow"], ngramRange: [1, 2] };
    const into = new Float32Array(4);
    createVectorizer(json).count(["call", "now"], into);
    assert.deepEqual([...into], [0, 0, 0, 0]);
  });

  const faults: [title: string, change: Json, told: RegExp][] = [
    ["no vocabulary", { vocabulary: [] }, /vectorizer\.json: vocabulary: /],
    [
      "a term twice",
      { vocabulary: ["win", "now", "win"] },
      /vocabulary\.2: "win" is column 0 already/,
    ],
    ["a column without a term", { vocabulary: ["win", 3] }, /vocabulary\.1: .*string/],
    ["no length", { tokens: { ...shipped.tokens, minLength: 0 } }, /tokens\.minLength: /],
    [
      "tables that aren't",
      { tokens: { characters: "1,2", minLength: 2 } },
      /tokens\.characters: run lengths/,
    ],
    [
      "more than Unicode has",
      { tokens: { characters: "1 1114112", minLength: 2 } },
      /tokens\.characters: goes beyond U\+10FFFF, to 1114112/,
    ],
    [
      "half a shift",
      { lowercase: { ...shipped.lowercase, shifts: "65 26 1" } },
      /lowercase\.shifts: groups/,
    ],
    [
      "a shift beyond Unicode",
      { lowercase: { ...shipped.lowercase, shifts: "1114112 1 1 1" } },
      /lowercase\.shifts: goes beyond/,
    ],
    ["terms of none to one token", { ngramRange: [0, 1] }, /ngramRange\.0: /],
    ["a range upside down", { ngramRange: [2, 1] }, /ngramRange: the least first, got 2, 1/],
    ["a field nobody knows", { analyzer: "char" }, /"analyzer"/],
  ];
  for (const [title, change, told] of faults)
    it(`refuses ${title}`, () =>
      assert.throws(() => createVectorizer({ ...shipped, ...change }), told));

  it("refuses what is no object", () =>
    assert.throws(() => createVectorizer([]), /vectorizer\.json: \(whole file\): /));
});
