import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterInfo } from "../../../local/cluster";
import { childrenOf } from "../../../local/cluster/supervisor/sandbox";

/** Where `ip netns` and HAProxy look for network namespaces: ip-netns(8). */
const NAMED = "/var/run/netns";

/** The facts of the embedded cluster that a kubeconfig is of. @throws where it isn't one that runs */
export function clusterOf(kubeconfig: string): ClusterInfo {
  const directory = path.dirname(path.dirname(fs.realpathSync(kubeconfig)));
  return JSON.parse(fs.readFileSync(path.join(directory, "cluster.json"), "utf8")) as ClusterInfo;
}

/**
 * Gives the network of a cluster's pods a name, so that a process of this machine can have sockets in it.
 * @returns the name, and what takes it back
 */
export function nameNetwork({ supervisor }: ClusterInfo): { name: string; remove(): void } {
  const [unshare] = childrenOf(supervisor.pid).filter((pid) => programOf(pid) === "unshare");
  const [first] = unshare === undefined ? [] : childrenOf(unshare);
  if (first === undefined) throw new Error(`process ${supervisor.pid} runs no cluster`);
  const name = `modelport-${first}`;
  const link = path.join(NAMED, name);
  fs.mkdirSync(NAMED, { recursive: true });
  fs.rmSync(link, { force: true });
  fs.symlinkSync(`/proc/${first}/ns/net`, link);
  return {
    name,
    remove() {
      fs.rmSync(link, { force: true });
      try {
        fs.rmdirSync(NAMED);
      } catch {
        // Others have networks there too.
      }
    },
  };
}

function programOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
