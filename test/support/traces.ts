import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";

/** What a cluster could leave behind on a machine, as sorted lines that two moments are compared by. */
export function machineTraces(): Record<string, string[]> {
  return {
    devices: Object.keys(os.networkInterfaces()).sort(),
    links: fs.readdirSync("/sys/class/net").sort(),
    mounts: fs
      .readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes("modelport") || line.includes("kubelet"))
      .sort(),
    controlGroups: fs
      .readdirSync("/sys/fs/cgroup", { recursive: true, encoding: "utf8" })
      .filter((group) => group.includes("modelport-") && !group.includes("/cgroup."))
      .sort(),
    namespaces: fs.existsSync("/run/netns") ? fs.readdirSync("/run/netns").sort() : [],
    runDirectories: fs.existsSync("/run/modelport") ? fs.readdirSync("/run/modelport").sort() : [],
    processes: execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => /kube|containerd|dockerd|coredns|\betcd\b|supervisor\.js/.test(line))
      .map((line) => line.slice(0, 200))
      .sort(),
  };
}
