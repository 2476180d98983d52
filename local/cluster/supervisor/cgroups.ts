import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = "/sys/fs/cgroup";
const RELEASE_MS = 20_000;

/** What the kubelet wants of those that the machine has. */
const CONTROLLERS = ["cpu", "cpuset", "memory", "hugetlb", "pids"];

/** The cluster's own group in each hierarchy of control groups, version 1 or 2. */
function groups(name: string, root: string): string[] {
  if (isUnified(root)) return [path.join(root, name)];
  return fs
    .readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(root, entry.name, name));
}

/** Version 2: one hierarchy for every controller. */
function isUnified(root: string): boolean {
  return fs.existsSync(path.join(root, "cgroup.controllers"));
}

/** @throws Error where the machine's root group keeps a controller that the kubelet wants */
export function createCgroups(name: string, root = ROOT): void {
  for (const group of groups(name, root)) fs.mkdirSync(group, { recursive: true });
  if (isUnified(root)) handDown(root, path.join(root, name));
}

/** Version 2 hands a controller down only where that is asked for, and many machines ask for a few only. */
function handDown(root: string, group: string): void {
  const wanted = controllers(root).filter((one) => CONTROLLERS.includes(one));
  for (const from of [root, group]) {
    for (const one of wanted) {
      try {
        fs.writeFileSync(path.join(from, "cgroup.subtree_control"), `+${one}`);
      } catch {
        // What the group has in the end is what counts.
      }
    }
  }
  const has = controllers(group);
  const missing = wanted.filter((one) => !has.includes(one));
  if (missing.length === 0) return;
  throw new Error(
    `there is no room for control groups here: ${root} does not hand down ${missing.join(", ")}; ` +
      "in a container, run it with a writable control group of its own that has no process at its root, " +
      "or with --privileged --cgroupns=host",
  );
}

function controllers(group: string): string[] {
  return fs.readFileSync(path.join(group, "cgroup.controllers"), "utf8").trim().split(/\s+/);
}

/** Removes the groups, innermost first. Their processes must have ended. */
export function removeCgroups(name: string, root = ROOT): void {
  for (const group of groups(name, root)) if (fs.existsSync(group)) removeTree(group);
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
