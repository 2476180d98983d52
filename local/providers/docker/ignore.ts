/** .dockerignore, as moby reads it (moby/patternmatcher: ignorefile/ignorefile.go, patternmatcher.go). */
import * as path from "node:path";

interface Pattern {
  regex: RegExp;
  /** Begins with `!`: takes files back in. */
  isException: boolean;
}

/** Per pattern, whether a folder matched; its contents match with it. */
export type Matches = readonly boolean[];

export class Ignore {
  readonly #patterns: Pattern[];

  constructor(text: string) {
    this.#patterns = parse(text);
  }

  /** @param file relative to the context, with `/` @param parent the matches of the folder it is in */
  match(file: string, parent: Matches): { ignored: boolean; matches: Matches } {
    const matches = this.#patterns.map(
      ({ regex }, index) => parent[index] === true || regex.test(file),
    );
    // The last pattern that matches decides.
    const last = matches.lastIndexOf(true);
    return { ignored: last !== -1 && this.#patterns[last]?.isException === false, matches };
  }

  /** Whether something within an ignored folder could be taken back in. */
  get hasExceptions(): boolean {
    return this.#patterns.some(({ isException }) => isException);
  }
}

function parse(text: string): Pattern[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "!")
    .map((line) => {
      const isException = line.startsWith("!");
      const pattern = path.posix.normalize((isException ? line.slice(1) : line).trim());
      return {
        isException,
        regex: toRegex(pattern.replace(/^\/(?=.)/, "").replace(/(.)\/$/, "$1")),
      };
    });
}

function toRegex(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === "*" && pattern[i + 1] === "*") {
      i += pattern[i + 2] === "/" ? 2 : 1;
      source += i + 1 >= pattern.length ? ".*" : "(.*/)?";
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "\\") source += escape(pattern.charAt(++i));
    else if (char === "[" || char === "]") source += char;
    else source += escape(char);
  }
  return new RegExp(`^${source}$`, "s");
}

function escape(char: string): string {
  return /[.$^+(){}|/\\*?]/.test(char) ? `\\${char}` : char;
}
