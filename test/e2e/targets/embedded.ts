import * as fs from "node:fs";
import * as path from "node:path";
import { ClusterAccess } from "../support/kubernetes";
import type { Target } from "./target";

/** `up` on a machine with nothing on it: the cluster is the stack's own, and goes with it. */
export const embedded: Target = {
  name: "embedded",
  stack: "local",
  exposures: ["NodePort", "LoadBalancer", "ClusterIP"],
  async prepare(worlds) {
    const world = await worlds.bare();
    const kubeconfig = path.join(world.state, "clusters/local/kubeconfigs/admin.conf");
    return {
      world,
      config: { target: "embedded" },
      kubeconfig: () => kubeconfig,
      inventory: async () =>
        fs.existsSync(kubeconfig) ? new ClusterAccess(kubeconfig).objects() : [],
    };
  },
};
