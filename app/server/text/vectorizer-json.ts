import * as z from "zod";

/** Lengths of alternating runs of code points: out of the set, in it, out of it, …, from U+0000 on. */
const runs = z.string().regex(/^(\d{1,7}( \d{1,7})*)?$/, "run lengths separated by spaces");

/** Groups `first count step shift`, joined by commas. */
const shifts = z
  .string()
  .regex(
    /^(\d{1,7} \d{1,7} \d{1,7} -?\d{1,7}(,(?!$)|$))*$/,
    "groups `first count step shift` separated by commas",
  );

const lowerCase = z.strictObject({
  /** Code points first, first + step, … (count of them) become themselves + shift. */
  shifts,
  /** Code points, in decimal, that become several. */
  expansions: z.record(z.string().regex(/^\d{1,7}$/, "a code point"), z.string()),
  /** Letters that have cases, and characters that are skipped when one is looked for: for the final sigma. */
  cased: runs,
  ignorable: runs,
});

/**
 * vectorizer.json: how a text becomes counts, a column for each term of the vocabulary. It brings the tables of letters and
 * cases of the Python that counted the training data: those of this Node may be of another version of Unicode.
 */
export const vectorizerJson = z
  .strictObject({
    /** The library whose counts these are. */
    source: z.string().min(1),
    /** The version of Unicode of the tables below. */
    unicode: z.string().min(1),
    tokens: z.strictObject({
      /** What tokens are made of; everything else separates them. */
      characters: runs,
      /** In characters; shorter ones are left out. */
      minLength: z.int().min(1).max(1000),
    }),
    /** Least and greatest number of tokens in a term; they are joined by a space. */
    ngramRange: z.tuple([z.int().min(1).max(20), z.int().min(1).max(20)]),
    /** Whether a term counts once however often it occurs. */
    binary: z.boolean(),
    /** Tokens taken out before terms are made of the others. */
    stopWords: z.array(z.string()),
    /** Terms, in the order of the columns. */
    vocabulary: z.array(z.string()).min(1),
    /** Absent: cases are kept apart. */
    lowercase: lowerCase.optional(),
  })
  .superRefine(({ ngramRange, vocabulary }, context) => {
    if (ngramRange[0] > ngramRange[1])
      context.addIssue({
        code: "custom",
        path: ["ngramRange"],
        message: `the least first, got ${ngramRange.join(", ")}`,
      });
    const seen = new Map<string, number>();
    vocabulary.forEach((term, column) => {
      const first = seen.get(term);
      if (first === undefined) seen.set(term, column);
      else
        context.addIssue({
          code: "custom",
          path: ["vocabulary", column],
          message: `"${term}" is column ${first} already`,
        });
    });
  });

export type VectorizerJson = z.infer<typeof vectorizerJson>;

/**
 * The content of a vectorizer.json, checked.
 * @throws Error naming every field that is wrong, on one line.
 */
export function parseVectorizer(json: unknown): VectorizerJson {
  const result = vectorizerJson.safeParse(json);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.join(".") || "(whole file)"}: ${message}`,
  );
  throw new Error(`vectorizer.json: ${faults.join("; ")}`);
}
