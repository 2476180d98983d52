import * as path from "node:path";
import { repositoryRoot } from "../../../../local/paths";
import { command, type CommandOptions, type Result } from "../../../support/command";
import type { Sandbox } from "./sandbox";

/** Runs the real command, from the bootstrap on, with the sandbox's state. PATH is this machine's. */
export function modelport(
  sandbox: Sandbox,
  words: readonly string[],
  options: Partial<CommandOptions> = {},
): Promise<Result> {
  const root = options.cwd ?? repositoryRoot();
  return command([process.execPath, path.join(root, "cli", "modelport.js"), ...words], {
    ...options,
    cwd: root,
    env: {
      XDG_STATE_HOME: sandbox.state,
      XDG_CACHE_HOME: path.join(sandbox.root, "cache"),
      PATH: `${sandbox.bin}:/usr/bin:/bin`,
      ...options.env,
    },
    timeoutSeconds: 120,
  });
}
