import * as fs from "node:fs";
import * as path from "node:path";

/** An editor saves a file in several steps, and several files after each other. */
const SETTLE_MS = 150;

/** What changes without being code. */
const IGNORED = /(?:^|\/)(?:\.git|node_modules|__pycache__|\.venv)(?:\/|$)|~$|\.swp$/;

/**
 * Calls `changed` after something below the folder changed, once for all that changes together, and never again before it has ended.
 *
 * @param failed gets what `changed` or the watching itself failed with; it goes on
 * @returns ends it
 */
export function watchFolder(
  folder: string,
  changed: () => Promise<void>,
  failed: (error: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await changed().catch(failed);
    } while (again as boolean);
    running = false;
  };
  const watcher = fs.watch(folder, { recursive: true }, (_event, file) => {
    if (file !== null && IGNORED.test(file.split(path.sep).join("/"))) return;
    clearTimeout(timer);
    timer = setTimeout(() => void run(), SETTLE_MS);
  });
  watcher.on("error", failed);
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
