/**
 * Another process that uses the toolchain; prints one JSON line. What it remembers, and its
 * environment, are its own.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import { UserError } from "../../../../../local/errors";
import { silentProgress } from "../../../../../local/progress";
import { ensureStandIns, ensureTools, type ToolName } from "../../../../../local/toolchain";
import { makeFolder, toolFolder, withLock } from "../../../../../local/toolchain/cache";
import { toolEnvironment } from "../../../../../local/toolchain/environment";

const progress = silentProgress();
const [action = "", ...args] = process.argv.slice(2);
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const actions: Record<string, () => Promise<unknown>> = {
  /** Writes to a file when it has the lock and when it gives it back. */
  hold: () =>
    withLock("thing", progress, async () => {
      fs.appendFileSync(args[0] ?? "", `${process.pid} in\n`);
      await sleep(Number(args[1]));
      fs.appendFileSync(args[0] ?? "", `${process.pid} out\n`);
    }),
  /** Is killed when half of a tool's folder is written. */
  die: () =>
    makeFolder(toolFolder("thing", "1"), async ({ dir }) => {
      fs.writeFileSync(path.join(dir, "half"), "");
      process.kill(process.pid, "SIGKILL");
      await sleep(10_000);
      return { version: "1", source: "go", bin: {} };
    }),
  ensure: () => ensureTools(args as ToolName[], { progress }),
  standIns: () => ensureStandIns({ progress }),
  environment: () => toolEnvironment({ progress }),
};

void (async () => {
  try {
    console.log(JSON.stringify({ ok: await actions[action]?.() }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, why, fix, exitCode } = error;
    console.log(JSON.stringify({ error: { message, why, fix, exitCode } }));
  }
})();
