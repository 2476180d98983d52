import * as fs from "node:fs";
import { cloudSurroundings } from "./cloud";
import type { Target } from "./target";

const PROJECT = "simulated-project";
const ZONE = "e2e";
const HOST = "iris.e2e.example.com";

/** Google Kubernetes Engine, simulated: an Autopilot cluster in a network of the stack's own, a domain in the project's Cloud DNS. */
export const gke: Target = {
  name: "gke",
  stack: "gke",
  exposures: ["LoadBalancer", "Ingress", "ClusterIP"],
  async prepare(worlds, canaries) {
    const clouds = await worlds.clouds();
    await clouds.control("POST", "record", {
      kind: "google:managedZone",
      id: `projects/${PROJECT}/managedZones/${ZONE}`,
      outputs: { name: ZONE, dnsName: "e2e.example.com." },
    });
    const account = clouds.world.env["GOOGLE_APPLICATION_CREDENTIALS"] ?? "";
    const { private_key } = JSON.parse(fs.readFileSync(account, "utf8")) as { private_key: string };
    canaries.add("service account's private key", private_key);
    const { certificate, key } = clouds.authority.issue([HOST]);
    canaries.add("key of a certificate", key);
    return {
      ...cloudSurroundings(clouds),
      config: {
        target: "gke",
        gke: { project: PROJECT, dnsZone: ZONE, deletionProtection: false },
      },
      service: (exposure) => (exposure === "Ingress" ? { host: HOST, tls: { certificate } } : {}),
      serviceSecrets: (exposure) => (exposure === "Ingress" ? { "tls.key": key } : {}),
    };
  },
};
