import * as fs from "node:fs";
import { clusterDir, DEFAULT_CLUSTER, readClusterInfo } from "../../local/cluster/info";
import { lookAt, type Inventory } from "./found";

/** The cluster that modelport brings up itself: everything of a stack is in it, and goes with it. */
export function embeddedInventory(): Promise<Inventory> {
  const find = () => {
    const folder = clusterDir();
    if (!fs.existsSync(folder)) return Promise.resolve([]);
    const detail = readClusterInfo() === undefined ? "stopped" : "it runs";
    const remove = "npm run cli -- cluster stop --remove";
    return Promise.resolve([
      { kind: "embedded cluster", name: DEFAULT_CLUSTER, place: folder, detail, remove },
    ]);
  };
  return lookAt("this machine", [{ kinds: "embedded clusters", find }]);
}
