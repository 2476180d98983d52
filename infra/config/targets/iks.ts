import { z } from "zod";
import { say } from "../values";
import { flavorKey, gpuPoolKey, ibmKeys } from "./ibm";

/** Target iks: IBM Cloud Kubernetes Service. */
export const iks = z.strictObject({
  ...ibmKeys,
  /** Machine type of the workers; counts when the cluster is made. Default: "bx2.2x8", on classic infrastructure "b3c.4x16". */
  flavor: flavorKey.optional(),
  /** Workers of each zone; with autoscaling, the least. Default: 2, so that one can be updated while the other serves. */
  workersPerZone: z.int().min(1).max(1000).default(2),
  /** Workers with GPUs, on a VPC. Default: none. */
  gpuPool: gpuPoolKey.optional(),
  /** Kubernetes' minor version. Default: the service's own. */
  kubeVersion: z
    .string()
    .regex(
      /^1\.\d{2}(?:\.\d{1,2})?$/,
      say('a version such as "1.34"; `ibmcloud ks versions` lists them'),
    )
    .optional(),
});

export type IksConfig = z.infer<typeof iks>;
