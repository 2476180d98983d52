import { cloudSurroundings } from "./cloud";
import type { Target } from "./target";

/** Red Hat OpenShift on IBM Cloud, simulated, with routers and builds that work. */
export const openshift: Target = {
  name: "openshift",
  stack: "openshift",
  exposures: ["Route", "LoadBalancer", "NodePort", "ClusterIP"],
  async prepare(worlds, canaries) {
    const clouds = await worlds.clouds();
    canaries.add("IC_API_KEY", clouds.world.env["IC_API_KEY"] ?? "");
    return {
      ...cloudSurroundings(clouds),
      config: {
        target: "openshift",
        openshift: {
          region: "us-south",
          registryNamespace: "e2e-openshift",
          deletionProtection: false,
        },
      },
      service: (exposure) => (exposure === "Route" ? { tls: "managed" } : {}),
    };
  },
};
