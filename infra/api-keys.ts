import { createHash } from "node:crypto";

/** API keys by their holder's name, in plain text. */
export type ApiKeys = Readonly<Record<string, string>>;

/**
 * What the server reads: a line `<name> <SHA-256 of the key>` for each. A hash is enough here: keys are long and random, unlike passwords.
 * @returns undefined where there are no keys
 */
export function apiKeysFile(keys: ApiKeys): string | undefined {
  const lines = Object.entries(keys)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, key]) => `${name} ${createHash("sha256").update(key).digest("hex")}\n`);
  return lines.length === 0 ? undefined : lines.join("");
}

/** Names the file's content without telling it, so that another content rolls the pods. */
export function checksum(file: string): string {
  return createHash("sha256").update(file).digest("hex").slice(0, 16);
}
