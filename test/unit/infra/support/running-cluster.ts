import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterInfo } from "../../../../local/cluster/info";
import { thisProcess } from "../../../../local/toolchain/process-identity";

/**
 * What a running embedded cluster, "local", leaves for the rest below XDG_STATE_HOME: this process stands for its supervisor.
 * @param facts what else it says of itself
 */
export function writeRunningCluster(
  home: string,
  kubeconfig: string,
  facts: Partial<ClusterInfo> = {},
): void {
  const folder = path.join(home, "modelport", "clusters", "local");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "admin.conf"), kubeconfig);
  fs.writeFileSync(
    path.join(folder, "cluster.json"),
    JSON.stringify({
      name: "local",
      kubernetesVersion: "1.34.4",
      kubeconfig: path.join(folder, "admin.conf"),
      host: "127.0.0.1",
      registry: { server: "localhost:5001", insecure: true },
      dockerHost: `unix://${path.join(home, "docker.sock")}`,
      baseImage: "localhost:5001/modelport/node:24",
      platform: "linux/amd64",
      supervisor: thisProcess(),
      ...facts,
    }),
  );
}
