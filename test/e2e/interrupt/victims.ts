import * as fs from "node:fs";
import * as path from "node:path";
import { childrenOf } from "../../../local/cluster/supervisor/sandbox";

/** Who is killed: all that the command started, the command alone, or Pulumi's engine alone. */
export const VICTIMS = ["everything", "the command", "the engine"] as const;
export type Victim = (typeof VICTIMS)[number];

/** Kills at once. A cluster's supervisor is a daemon, and nobody's part. @param root the command's process */
export function kill(victim: Victim, root: number): void {
  const tree = [root, ...descendants(root)];
  const chosen = {
    everything: tree,
    "the command": tree.filter((pid) => programOf(pid)?.endsWith("cli/modelport.js")).slice(0, 1),
    "the engine": tree.filter((pid) => path.basename(programOf(pid) ?? "") === "pulumi"),
  }[victim];
  // Before there is an engine, the command is all that works on the stack.
  for (const pid of chosen.length > 0 ? chosen : tree)
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
}

function descendants(of: number): number[] {
  const children = childrenOf(of).filter((pid) => !programOf(pid)?.endsWith("supervisor.js"));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** The executable, or the script of an interpreter. */
function programOf(pid: number): string | undefined {
  try {
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const isNode = path.basename(words[0] ?? "") === "node";
    return isNode ? words.slice(1).find((word) => !word.startsWith("-")) : words[0];
  } catch {
    return undefined;
  }
}
