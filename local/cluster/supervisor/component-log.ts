import * as fs from "node:fs";
import type { Readable } from "node:stream";

const BYTES = 20 * 1024 * 1024;

/** What a component says. A disk that is full takes words away, and nothing else. */
export class ComponentLog {
  constructor(private readonly file: string) {}

  /** Reads on even where nothing can be written: a program whose output nobody takes stands still. */
  keep(output: Readable): void {
    output.on("data", (chunk: Buffer) => {
      try {
        fs.appendFileSync(this.file, chunk);
      } catch {
        // The next ones may find room.
      }
    });
  }

  /** What fails is tried the next time. */
  rotate(): void {
    try {
      const size = fs.statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
      if (size >= BYTES) fs.renameSync(this.file, `${this.file}.1`);
    } catch {
      // The component is well without.
    }
  }

  lastWords(): string {
    try {
      return fs
        .readFileSync(this.file, "utf8")
        .trimEnd()
        .split("\n")
        .slice(-3)
        .join(" | ")
        .slice(-600);
    } catch {
      return "no log";
    }
  }
}
