import { z } from "zod";
import { bytes, name, say } from "../values";

/** Target minikube: a cluster per stack on this machine. */
export const minikube = z.strictObject({
  /** Profile. Default: modelport-<stack>, so that each stack has its own cluster. */
  profile: name.optional(),
  /** As `minikube start --driver`. Default: minikube's choice. */
  driver: z
    .enum(["docker", "podman", "kvm2", "qemu", "virtualbox", "hyperkit", "hyperv", "vfkit", "none"])
    .optional(),
  /** Cores of the node. Default: 2. */
  cpus: z.int().min(1).max(64).default(2),
  /** Memory of the node. Default: "4Gi". */
  memory: bytes.default("4Gi"),
  /** As `minikube start --kubernetes-version`. Default: minikube's choice. */
  kubernetesVersion: z
    .string()
    .regex(/^v\d+\.\d+\.\d+$/, say("a version such as v1.34.0"))
    .optional(),
});

export type MinikubeConfig = z.infer<typeof minikube>;
