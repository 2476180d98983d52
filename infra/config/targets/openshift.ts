import { z } from "zod";
import { say } from "../values";
import { flavorKey, gpuPoolKey, ibmKeys } from "./ibm";

/** Workers of a cluster at least: https://cloud.ibm.com/docs/openshift?topic=openshift-faqs */
export const LEAST_WORKERS = 2;

/** Target openshift: Red Hat OpenShift on IBM Cloud. */
export const openshift = z.strictObject({
  ...ibmKeys,
  /** Flavor of the workers, of 4 cores and 16 GB at least. Default: "bx2.4x16" on a VPC, "b3c.4x16" on classic infrastructure. */
  flavor: flavorKey.optional(),
  /** Workers in each zone; two in all at least. Default: 2. */
  workersPerZone: z.int().min(1).max(1000).default(LEAST_WORKERS),
  /** Refused: OpenShift offers GPUs to pods with NVIDIA's GPU Operator only, which is not installed; target iks has them. Default: none. */
  gpuPool: gpuPoolKey.optional(),
  /** Version of OpenShift. `ibmcloud oc versions` lists them. Default: "4.20_openshift". */
  kubeVersion: z
    .string()
    .regex(/^4\.\d{1,2}(?:\.\d{1,3})?_openshift$/, say("a version such as 4.20_openshift"))
    .default("4.20_openshift"),
  /** Licence that the account has already. Default: none; OpenShift's is then billed by the hour. */
  entitlement: z.enum(["cloud_pak"]).optional(),
  /** CRN of the Cloud Object Storage instance that keeps the cluster's own registry, on a VPC. Default: one of the stack's own. */
  cosInstanceCrn: z
    .string()
    .regex(/^crn:v1:[^\s:]*:public:cloud-object-storage:global:\S+::$/, say("a CRN: crn:v1:…"))
    .optional(),
});

export type OpenShiftConfig = z.infer<typeof openshift>;
