import type { Cloud } from "../cloud";
import { handOut, takeBack } from "../handed-out";
import type { Kind, Stored } from "../kind";
import { at, child, text, type Values } from "../values";
import { allow, requireThere } from "./access";
import { startControlPlane, stopControlPlane } from "./control-plane";
import { admit, dismiss } from "./credentials";
import { installDefinitions, removeDefinitions } from "./definitions";
import { googleError, Refusal } from "./errors";
import { isZone, networkId, PROJECT, regionOf, subnetworkId, TOKENS } from "./names";
import { accountOf, addInstance, removeInstances } from "./nodes";
import { isSeen } from "./project";

/** The pool of an Autopilot cluster, or of a Standard one until it is removed. */
const DEFAULT_POOL = "default-pool";

export const clusterId = (inputs: Values, name = text(inputs, "name")) =>
  `projects/${text(inputs, "project")}/locations/${text(inputs, "location")}/clusters/${name}`;

/** A cluster; the embedded one is what it hands out. */
export const cluster: Kind = {
  token: TOKENS.cluster,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/container_cluster",
  replaceOn: [
    "project",
    "name",
    "location",
    "network",
    "subnetwork",
    "enableAutopilot",
    "ipAllocationPolicy",
    "networkingMode",
    "datapathProvider",
    "privateClusterConfig",
    "initialNodeCount",
    "nodeConfig",
  ],
  autoNamed: true,
  computed: ["controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint"],
  seconds: { create: 60, update: 10, delete: 40 },
  create(inputs, cloud) {
    const id = clusterId(inputs);
    refuse(inputs, id, cloud);
    return {
      id,
      outputs: {
        selfLink: `https://container.googleapis.com/v1/${id}`,
        masterVersion: "1.34.4-gke.1000000",
        masterAuth: {
          clusterCaCertificate: cloud.kubernetes.certificateAuthority,
          clientCertificate: "",
          clientKey: "",
        },
        status: "RUNNING",
      },
      finish: async () => {
        await handOut(cloud, id);
        await admit(cloud);
        await installDefinitions(cloud.kubernetes);
        if (inputs["removeDefaultNodePool"] !== true) addInstance(cloud, inputs, DEFAULT_POOL);
        const host = await startControlPlane(cloud, { ...inputs, id });
        return {
          endpoint: host,
          // One for both ways: what answers is the embedded cluster's API server.
          controlPlaneEndpointsConfig: {
            dnsEndpointConfig: { endpoint: host },
            ipEndpointsConfig: { publicEndpoint: host },
          },
        };
      },
    };
  },
  update(stored, inputs) {
    const computed = "controlPlaneEndpointsConfig";
    return {
      ...stored.outputs,
      ...inputs,
      [computed]: deep(child(inputs, computed), child(stored.outputs, computed)),
    };
  },
  /**
   * The provider's own guard, as it stands in the state.
   * https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/version_5_upgrade#deletion-protection
   */
  delete({ inputs }) {
    if (inputs["deletionProtection"] !== false)
      throw new Refusal(
        "deletion-protection",
        "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed with cluster deletion.",
      );
  },
  /** What its Services had outside stays: https://cloud.google.com/kubernetes-engine/docs/how-to/deleting-a-cluster */
  async deleted({ inputs }, cloud) {
    await stopControlPlane(cloud);
    removeInstances(cloud, inputs);
    await takeBack(cloud);
    await removeDefinitions(cloud.kubernetes);
    await dismiss(cloud);
    for (const pool of cloud.store.list(TOKENS.nodePool))
      if (clusterId(pool.inputs, text(pool.inputs, "cluster")) === clusterId(inputs))
        cloud.store.remove(pool);
  },
};

/** @throws CloudError */
function refuse(inputs: Values, id: string, cloud: Cloud): void {
  const location = text(inputs, "location");
  const parent = `projects/${PROJECT}/locations/${location}`;
  // Without words before it: https://github.com/hashicorp/terraform-provider-google/issues/1166
  allow(cloud, inputs, {
    doing: "",
    api: "container",
    permission: "container.clusters.create",
    resource: parent,
  });
  // https://github.com/GoogleCloudPlatform/ai-on-gke/issues/628
  if (inputs["enableAutopilot"] === true && isZone(location))
    throw googleError(
      "autopilot-in-a-zone",
      undefined,
      400,
      "Autopilot clusters must be regional clusters.",
      "badRequest",
    );
  if (cloud.store.find(TOKENS.cluster, id) !== undefined)
    throw googleError("cluster-taken", undefined, 409, `Already exists: ${id}.`, "alreadyExists");
  const other = cloud.store.list(TOKENS.cluster)[0];
  if (other !== undefined)
    throw new Refusal(
      "one-cluster",
      `the simulation has one cluster to hand out, and ${other.id} has it`,
    );
  requireThere(cloud, TOKENS.network, `Error creating cluster ${id}`, networkId(inputs));
  const subnetwork = subnetworkId(inputs, regionOf(location));
  requireThere(cloud, TOKENS.subnetwork, `Error creating cluster ${id}`, subnetwork);
  requireRanges(inputs, cloud.store.find(TOKENS.subnetwork, subnetwork));
  requireAccount(inputs, cloud);
  requireDisks(inputs, cloud);
}

/** A VPC-native cluster's ranges are the subnetwork's: https://cloud.google.com/kubernetes-engine/docs/how-to/alias-ips. @throws CloudError */
function requireRanges(inputs: Values, subnetwork: Stored | undefined): void {
  const policy = child(inputs, "ipAllocationPolicy");
  const known = at(subnetwork?.inputs ?? {}, "secondaryIpRanges");
  for (const key of ["clusterSecondaryRangeName", "servicesSecondaryRangeName"]) {
    const name = text(policy, key);
    if (name === "" || JSON.stringify(known ?? []).includes(`"rangeName":"${name}"`)) continue;
    throw googleError(
      "range-unknown",
      undefined,
      400,
      `Secondary range "${name}" does not exist in network "${text(inputs, "network")}", subnetwork "${text(inputs, "subnetwork")}".`,
      "badRequest",
    );
  }
}

/**
 * The caller must be a user of the account that nodes get, and it must be there: words as in
 * https://github.com/terraform-google-modules/terraform-google-kubernetes-engine/issues/142. @throws CloudError
 */
export function requireAccount(inputs: Values, cloud: Cloud): void {
  const email = accountOf(inputs);
  const isOwn = email.endsWith("-compute@developer.gserviceaccount.com") || isSeen(cloud, email);
  if (isOwn && !cloud.faults.holds("permission-denied", "iam.serviceAccounts.actAs")) return;
  throw googleError(
    "account-not-usable",
    undefined,
    400,
    `The user does not have access to service account "${email}". Ask a project owner to grant you the iam.serviceAccountUser role on the service account.`,
    "badRequest",
  );
}

/** The condition `quota`: words as in https://github.com/terraform-google-modules/terraform-google-kubernetes-engine/issues/1795. @throws CloudError */
export function requireDisks(inputs: Values, cloud: Cloud): void {
  const metric = cloud.faults.value("quota");
  if (metric !== "SSD_TOTAL_GB" && metric !== "CPUS") return;
  throw googleError(
    "cluster-quota",
    undefined,
    403,
    `Insufficient regional quota to satisfy request: resource "${metric}": request requires '300.0' and is short '50.0'. ` +
      `project has a quota of '250.0' with '250.0' available. View and manage quotas at ` +
      `https://console.cloud.google.com/iam-admin/quotas?usage=USED&project=${text(inputs, "project")}.`,
    "forbidden",
  );
}

function deep(inputs: Values, computed: Values): Values {
  const keys = new Set([...Object.keys(inputs), ...Object.keys(computed)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const [given, known] = [inputs[key], computed[key]];
      const both = typeof given === "object" && typeof known === "object";
      return [key, both ? deep(child(inputs, key), child(computed, key)) : (given ?? known)];
    }),
  );
}
