import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { Progress, Step } from "../../../../../local/progress";

const folders: string[] = [];

/** A folder that `removeTemporaryFolders`, called after each test, takes away. */
export function temporaryFolder(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "toolchain-"));
  folders.push(dir);
  return dir;
}

export function removeTemporaryFolders(): void {
  for (const dir of folders.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
}

export function executable(file: string, body: string): string {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

export const silentStep: Step = {
  update: () => undefined,
  done: () => undefined,
  fail: () => undefined,
};

/** Remembers the titles of the steps. */
export function recordingProgress(): Progress & { titles: string[] } {
  const titles: string[] = [];
  return {
    titles,
    step: (title) => {
      titles.push(title);
      return silentStep;
    },
  };
}
