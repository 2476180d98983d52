import { cloudSurroundings } from "./cloud";
import type { Target } from "./target";

/** IBM Cloud Kubernetes Service, simulated: a cluster on a VPC of the stack's own, with the domain that IBM gives it. */
export const iks: Target = {
  name: "iks",
  stack: "iks",
  exposures: ["LoadBalancer", "Ingress", "NodePort", "ClusterIP"],
  async prepare(worlds, canaries) {
    const clouds = await worlds.clouds();
    canaries.add("IC_API_KEY", clouds.world.env["IC_API_KEY"] ?? "");
    return {
      ...cloudSurroundings(clouds),
      config: {
        target: "iks",
        iks: { region: "us-south", registryNamespace: "e2e-iks", deletionProtection: false },
      },
    };
  },
};
