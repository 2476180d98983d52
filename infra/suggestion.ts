/** The known words, and the one that was probably meant. */
export function choice(word: string, known: readonly string[]): string {
  const list = known.length === 0 ? "nothing" : `one of ${known.join(", ")}`;
  const close = suggestion(word, known);
  return close === undefined ? list : `${list} (did you mean ${close}?)`;
}

/** The known word that differs in the fewest letters, if few enough. */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(word.length / 3));
  return known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance, candidate }) => distance <= limit && distance < candidate.length)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** Levenshtein's, upper and lower case alike. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1]?.toLowerCase() === b[j - 1]?.toLowerCase() ? 0 : 1;
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
