import * as fs from "node:fs";
import * as path from "node:path";

const PROGRAMS =
  /^(kube.*|containerd.*|dockerd?|docker-registry|coredns|etcd|tini|nsenter|unshare|pulumi.*)$/;

/** What a cluster could leave behind on this machine; whatever else comes and goes there is left out. */
export function machineTraces(): string[] {
  return [
    ...list("/sys/class/net").map((link) => `link ${link}`),
    ...list("/run/netns").map((namespace) => `network namespace ${namespace}`),
    ...list("/run/modelport").map((directory) => `run directory ${directory}`),
    ...mounts().map((mount) => `mount ${mount}`),
    ...list("/sys/fs/cgroup").flatMap((hierarchy) =>
      list(path.join("/sys/fs/cgroup", hierarchy))
        .filter((group) => group.startsWith("modelport-"))
        .map((group) => `control group ${hierarchy}/${group}`),
    ),
    ...list("/proc").flatMap(processTrace),
  ];
}

function mounts(): string[] {
  const lines = fs.readFileSync("/proc/self/mounts", "utf8").split("\n");
  return lines.filter((line) => /modelport|kubelet/.test(line));
}

/** Programs of the cluster, by process id, so that two of the same are told apart. */
function processTrace(pid: string): string[] {
  if (!/^\d+$/.test(pid)) return [];
  try {
    const argv = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const ours =
      PROGRAMS.test(path.basename(argv[0] ?? "")) ||
      argv.some((one) => one.endsWith("dist/supervisor.js"));
    return ours ? [`process ${pid} ${argv.join(" ").slice(0, 150)}`] : [];
  } catch {
    return [];
  }
}

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}
