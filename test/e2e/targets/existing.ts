import { ClusterAccess } from "../support/kubernetes";
import type { Target } from "./target";

/** A cluster and a registry of the user's; the embedded ones play that part. `down` leaves both running. */
export const existing: Target = {
  name: "existing",
  stack: "company",
  exposures: ["NodePort", "LoadBalancer", "ClusterIP"],
  async prepare(worlds, canaries) {
    const { world, cluster } = await worlds.withCluster();
    return {
      world,
      config: {
        target: "existing",
        existing: {
          kubeconfig: cluster.kubeconfig,
          registry: { server: cluster.registry.server, repository: "team", user: "builder" },
          platform: cluster.platform,
          dockerHost: cluster.dockerHost,
          baseImage: cluster.baseImage,
          nodeHost: cluster.host,
          loadBalancer: true,
        },
      },
      secrets: { "existing.registry.password": canaries.plant("registry's password") },
      kubeconfig: () => cluster.kubeconfig,
      inventory: () => new ClusterAccess(cluster.kubeconfig).objects(),
    };
  },
};
