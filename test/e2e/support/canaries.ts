import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** Something that was said, and by whom. */
export interface Text {
  readonly where: string;
  readonly text: string;
}

/** Shorter pieces could stand somewhere by chance. */
const SHORTEST = 12;
/** Files above it are images and programs. */
const LARGEST_BYTES = 64e6;

/** Secrets that a test hands out, to be found again wherever they come out: in plain, in base64 at any offset, escaped. */
export class Canaries {
  private readonly forms = new Map<string, string>();

  /** @returns a new secret of letters and digits */
  plant(name: string): string {
    const value = `canary${randomBytes(15).toString("hex")}`;
    this.add(name, value);
    return value;
  }

  /** A secret that somebody else made; of a key in PEM each line. */
  add(name: string, value: string): void {
    const pieces = value.includes("-----BEGIN") ? pemLines(value) : [value];
    for (const piece of pieces) {
      if (piece.length < SHORTEST) throw new Error(`${name} is too short to be a canary`);
      for (const form of formsOf(piece)) this.forms.set(form, name);
    }
  }

  /** @returns where which secret stands, never the secret itself */
  find(texts: Iterable<Text>): string[] {
    const found = new Set<string>();
    for (const { where, text } of texts)
      for (const [form, name] of this.forms)
        if (text.includes(form)) found.add(`${name} in ${where}`);
    return [...found].sort();
  }
}

/** The lines that only this key has: not its first, which tells the algorithm, nor the last, which may be short. */
function pemLines(pem: string): string[] {
  const lines = pem.split(/\r?\n|\\n/).filter((line) => line !== "" && !line.startsWith("-----"));
  return lines.length > 2 ? lines.slice(1, -1) : lines.slice(0, 1);
}

function formsOf(value: string): string[] {
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...base64Of(value)];
}

/** What base64 makes of a text inside of another, by the three places where it can begin. */
function base64Of(value: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from(" ".repeat(offset) + value)
      .toString("base64")
      .replace(/=+$/, "");
    // Letters at both ends hold bits of the neighbours.
    const inner = encoded.slice(Math.ceil((offset * 4) / 3), -1);
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** All files below a folder, but those of skipped folders and those that go meanwhile; links are not followed. */
export function* textsBelow(folder: string, skip: readonly string[] = []): Generator<Text> {
  for (const entry of ifThere(() => fs.readdirSync(folder, { withFileTypes: true })) ?? []) {
    const file = path.join(folder, entry.name);
    if (skip.includes(file)) continue;
    if (entry.isDirectory()) yield* textsBelow(file, skip);
    else if (entry.isFile()) {
      const text = ifThere(() =>
        fs.statSync(file).size <= LARGEST_BYTES ? fs.readFileSync(file, "latin1") : undefined,
      );
      if (text !== undefined) yield { where: file, text };
    }
  }
}

/** Undefined where the file or folder that is read is gone. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
