/** Limits of the clouds that are known in advance, held against a stack's config. Nothing is asked: an account's own may be higher. */
import type { StackConfig } from "../../infra/config/schema";
import type { Finding } from "./finding";

type Of<Name extends StackConfig["target"]> = Extract<StackConfig, { target: Name }>;

/** SSD_TOTAL_GB of a region in a young project: https://docs.cloud.google.com/compute/resource-usage */
const GOOGLE_SSD_GB = 250;
/** https://cloud.ibm.com/docs/Registry?topic=Registry-registry_overview: free plan. */
const IBM_FREE_STORAGE = "512 MB of images, 5 GB of pulls a month";
/** A classic cluster's portable subnet has eight addresses; this many are left for balancers: CLOUDS.md. */
const CLASSIC_BALANCERS = 4;

export function googleQuotas({ gke, services }: Of<"gke">): Finding[] {
  const findings: Finding[] = [];
  const { mode, nodes, gpuPool, zones } = gke;
  const zoneCount = zones?.length ?? 1;
  if (mode === "standard") {
    const pools = gpuPool === undefined ? [nodes] : [nodes, gpuPool];
    const gigabytes = pools
      .filter(({ diskType }) => diskType !== "pd-standard")
      .reduce((sum, { diskGb, maxNodes }) => sum + diskGb * maxNodes * zoneCount, 0);
    if (gigabytes > GOOGLE_SSD_GB)
      findings.push({
        name: "quota SSD_TOTAL_GB",
        state: "note",
        detail: `the nodes' disks come to ${gigabytes} GB at most; a young project has ${GOOGLE_SSD_GB} GB in a region`,
        fix: "modelport:gke.nodes.diskType pd-standard, fewer or smaller disks, or ask for more: https://console.cloud.google.com/iam-admin/quotas",
      });
  }
  if (gpuPool !== undefined || wantsGpu(services))
    findings.push({
      name: "quota GPUS_ALL_REGIONS",
      state: "note",
      detail: "is 0 in a new project: no node with a GPU comes up until Google has raised it",
      fix: "https://console.cloud.google.com/iam-admin/quotas, days ahead",
    });
  return findings;
}

/** @param classic whether the stack is on classic infrastructure */
export function ibmQuotas({ target, services }: StackConfig, classic: boolean): Finding[] {
  const findings: Finding[] = [
    {
      name: "quota of registry",
      state: "note",
      detail: `the free plan holds ${IBM_FREE_STORAGE}`,
      fix: "ibmcloud cr quota; ibmcloud cr plan-upgrade standard",
    },
  ];
  if (!classic) return findings;
  findings.push({
    name: "classic region",
    state: "note",
    detail: "E501e where the account has no classic cluster in that region yet: it is closed then",
    fix: "take a VPC, the default",
  });
  // The target's own exposure, without the key: Kubernetes Service has balancers, OpenShift Routes.
  const own = target === "iks" ? "LoadBalancer" : undefined;
  const balancers = Object.values(services).filter(
    ({ exposure = own }) => exposure === "LoadBalancer",
  );
  if (balancers.length > CLASSIC_BALANCERS)
    findings.push({
      name: "quota of balancers",
      state: "note",
      detail: `${balancers.length} services want one, a classic cluster's subnet has addresses for ${CLASSIC_BALANCERS}`,
      fix: "exposure Ingress for some, or order another portable subnet",
    });
  return findings;
}

const wantsGpu = (services: StackConfig["services"]) =>
  Object.values(services).some((service) => "gpu" in service && service.gpu !== undefined);
