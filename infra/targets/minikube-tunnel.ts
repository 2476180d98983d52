import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/**
 * Whether a `minikube tunnel` runs for a profile: without one a LoadBalancer stays pending.
 * Tunnels that make a route are registered in tunnels.json, one list a user (minikube, pkg/minikube/tunnel/registry.go); those over
 * SSH, as Docker Desktop needs them, only show among the processes. Where these can't be listed it is taken as running.
 */
export function tunnelRuns(profile: string): boolean {
  return isRegistered(profile) || isAmongProcesses(profile);
}

interface RegisteredTunnel {
  MachineName?: string;
  Pid?: number;
}

function isRegistered(profile: string): boolean {
  try {
    const text = fs.readFileSync(path.join(minikubeHome(), "tunnels.json"), "utf8");
    const tunnels = JSON.parse(text) as RegisteredTunnel[] | null;
    return (tunnels ?? []).some(
      ({ MachineName, Pid }) => MachineName === profile && Pid !== undefined && isAlive(Pid),
    );
  } catch {
    return false;
  }
}

/** As pkg/minikube/localpath has it. */
function minikubeHome(): string {
  const home = process.env["MINIKUBE_HOME"] ?? "";
  if (home === "") return path.join(os.homedir(), ".minikube");
  return path.basename(home) === ".minikube" ? home : path.join(home, ".minikube");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A tunnel that root runs may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isAmongProcesses(profile: string): boolean {
  if (process.platform === "win32") return true;
  const { stdout, status } = spawnSync("ps", ["-A", "-o", "args="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) return true;
  return stdout.split("\n").some((line) => tunnelProfile(line) === profile);
}

/** The profile of a command line that is a tunnel. */
export function tunnelProfile(line: string): string | undefined {
  const words = line.trim().split(/\s+/);
  const at = words.findIndex((word) => path.basename(word) === "minikube");
  if (at < 0 || at > 3 || !words.slice(at + 1).includes("tunnel")) return undefined;
  const flag = /(?:^|\s)(?:-p|--profile)(?:=|\s+)(\S+)/.exec(words.slice(at + 1).join(" "));
  return flag?.[1] ?? "minikube";
}
