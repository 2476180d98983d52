import type { CloudsUnderTest } from "../support/clouds";
import { ClusterAccess } from "../support/kubernetes";
import type { Surroundings } from "./target";

/** The clouds' own objects in the cluster that they hand out. */
const CLOUDS_OWN = /^(?:\S+ kube-system\/|ClusterRoleBinding \/(?:google-user|ibm-cloud-user)$)/;

/** What the targets in a cloud have in common. */
export function cloudSurroundings(
  clouds: CloudsUnderTest,
): Pick<Surroundings, "world" | "client" | "issued" | "kubeconfig" | "inventory"> {
  const { world, cluster, hosts, authorities } = clouds;
  return {
    world,
    client: { hosts, authorities },
    issued: () => clouds.issuedKeys(),
    kubeconfig: () => cluster.kubeconfig,
    // What was in the cluster when it was deleted went with it: it is told all the same.
    inventory: async () => {
      const objects = await new ClusterAccess(cluster.kubeconfig).objects();
      return [
        ...(await clouds.resources()),
        ...(await clouds.leftovers()).map((object) => `left in the cluster: ${object}`),
        ...objects.filter((object) => !CLOUDS_OWN.test(object)),
      ];
    },
  };
}
