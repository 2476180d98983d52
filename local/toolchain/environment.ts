import * as path from "node:path";

import { compileCacheDir } from "../paths";
import { terminalProgress } from "../progress";
import { ensureTools } from "./ensure";
import { ensureStandIns } from "./stand-ins";

/**
 * What plain `pulumi` needs to run the program with this toolchain: PATH, and where plugins can't be
 * downloaded, a word to the engine not to try for each one that node_modules mentions.
 */
export async function toolEnvironment(
  o = { progress: terminalProgress() },
): Promise<Record<string, string>> {
  const { node, pulumi } = await ensureTools(["node", "pulumi"], o);
  const { dir, onPath, used } = await ensureStandIns(o);
  const first = [pulumi.bin["pulumi"] ?? "", node.bin["node"] ?? ""].map((file) =>
    path.dirname(file),
  );
  if (onPath) first.push(dir);
  const rest = (process.env["PATH"] ?? "").split(path.delimiter);
  return {
    PATH: [...new Set([...first, ...rest])].join(path.delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "1",
    NODE_COMPILE_CACHE: compileCacheDir(),
    ...(used.length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
  };
}
