import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = "/sys/fs/cgroup";
const RELEASE_MS = 20_000;

/** The cluster's own group in each hierarchy of control groups, version 1 or 2. */
function groups(name: string): string[] {
  if (fs.existsSync(path.join(ROOT, "cgroup.controllers"))) return [path.join(ROOT, name)];
  return fs
    .readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(ROOT, entry.name, name));
}

export function createCgroups(name: string): void {
  for (const group of groups(name)) {
    fs.mkdirSync(group, { recursive: true });
    const controllers = path.join(path.dirname(group), "cgroup.controllers");
    if (!fs.existsSync(controllers) || path.dirname(group) !== ROOT) continue;
    // Version 2 hands a controller down only where that is asked for.
    const enable = fs
      .readFileSync(controllers, "utf8")
      .trim()
      .split(" ")
      .map((one) => `+${one}`)
      .join(" ");
    fs.writeFileSync(path.join(group, "cgroup.subtree_control"), enable);
  }
}

/** Removes the groups, innermost first. Their processes must have ended. */
export function removeCgroups(name: string): void {
  for (const group of groups(name)) if (fs.existsSync(group)) removeTree(group);
}

function removeTree(group: string): void {
  for (const entry of fs.readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(path.join(group, entry.name));
  }
  const deadline = Date.now() + RELEASE_MS;
  for (;;) {
    try {
      fs.rmdirSync(group);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      // The kernel lets go of a group a moment after its last process, which may still be in the act of ending.
      if (code !== "EBUSY" || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
