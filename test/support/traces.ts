import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

const NETWORKS = "/run/netns";
const BEGAN_MS = Date.now() - process.uptime() * 1000;
const PROGRAMS =
  /^(kube.*|containerd.*|dockerd?|docker-registry|coredns|etcd|tini|nsenter|unshare|pulumi.*)$/;

/**
 * What a cluster could leave behind on this machine; whatever else comes and goes there is left out, also another's: two may be there
 * at once.
 * @param stateHome the cluster's $XDG_STATE_HOME
 */
export function machineTraces(stateHome: string): string[] {
  return everyTrace().filter((trace) => !isForeign(trace, stateHome));
}

function everyTrace(): string[] {
  return [
    ...list("/sys/class/net").map((link) => `link ${link}`),
    ...list(NETWORKS).map((namespace) => `network namespace ${namespace}`),
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

function isForeign(trace: string, stateHome: string): boolean {
  const own = path.join(stateHome, "modelport");
  const id = createHash("sha256").update(`${own}\0local`).digest("hex").slice(0, 8);
  const named = /(?:mp-|modelport[-/]|run directory )([0-9a-f]{8})\b/.exec(trace)?.[1];
  if (named !== undefined) return named !== id;
  const [, kind, pid = ""] =
    /^(process|network namespace) (?:modelport-)?(\d+)\b/.exec(trace) ?? [];
  if (kind === undefined) return false;
  const state = stateOf(pid);
  if (state !== undefined) return state !== stateHome;
  // A network that is nobody's any more may have been ours, but not one from before this process.
  return kind === "process" || madeAt(path.join(NETWORKS, `modelport-${pid}`)) < BEGAN_MS;
}

function madeAt(link: string): number {
  return fs.lstatSync(link, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Which $XDG_STATE_HOME a process has. */
function stateOf(pid: string): string | undefined {
  try {
    const variables = fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.find((one) => one.startsWith("XDG_STATE_HOME="))?.split("=")[1];
  } catch {
    return undefined;
  }
}
