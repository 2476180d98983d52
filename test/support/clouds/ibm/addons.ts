import type { Cloud } from "../cloud";
import type { Kind } from "../kind";
import { children, text, type Values } from "../values";
import { AUTOSCALER } from "./cluster-contents";
import { findCluster } from "./cluster-rules";
import { clusterNotFound, containerError } from "./errors";
import { ADDONS } from "./tokens";

/** https://cloud.ibm.com/docs/containers?topic=containers-supported-cluster-addon-versions */
const VERSIONS: Readonly<Record<string, string>> = {
  "alb-oauth-proxy": "2.0.0",
  "cluster-autoscaler": "2.0.0",
  "ibm-storage-operator": "1.0",
  "vpc-block-csi-driver": "5.2",
};

/** Those that a VPC cluster comes with. */
const BUILT_IN = ["vpc-block-csi-driver"];

export const addons: Kind = {
  token: ADDONS,
  docs: "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/container_addons",
  replaceOn: ["cluster", "resourceGroupId"],
  seconds: { create: 120, update: 120, delete: 30 },
  create(inputs, cloud) {
    const cluster = findCluster(cloud, text(inputs, "cluster"));
    if (cluster === undefined) throw clusterNotFound();
    return {
      id: cluster.id,
      outputs: { addons: described(inputs) },
      async finish() {
        await install(inputs, cloud);
        return {};
      },
    };
  },
  async update({ outputs }, inputs, cloud) {
    await install(inputs, cloud);
    return { ...outputs, ...inputs, addons: described(inputs) };
  },
  async delete({ inputs }, cloud) {
    const names = children(inputs, "addons").map((addon) => text(addon, "name"));
    if (names.includes(AUTOSCALER_ADDON)) await cloud.kubernetes.remove(AUTOSCALER);
  },
};

const AUTOSCALER_ADDON = "cluster-autoscaler";

/** @throws CloudError for a name that there is none of; its code and text are inferred */
function described(inputs: Values): Values[] {
  const asked = children(inputs, "addons");
  const unknown = asked.map((addon) => text(addon, "name")).filter((name) => !(name in VERSIONS));
  if (unknown.length > 0)
    throw containerError("addon-unknown", 404, {
      code: "E0158",
      description: `The specified add-on could not be found: ${unknown.join(", ")}.`,
      type: "BadRequest",
    });
  const all = inputs["manageAllAddons"] === false ? [] : BUILT_IN;
  return [
    ...asked,
    ...all
      .filter((name) => !asked.some((addon) => addon["name"] === name))
      .map((name) => ({ name })),
  ].map((addon) => ({
    version: VERSIONS[text(addon, "name")],
    ...addon,
    healthState: "normal",
    healthStatus: "Addon Ready",
  }));
}

/** https://cloud.ibm.com/docs/containers?topic=containers-cluster-scaling-enable: the add-on makes its ConfigMap, with no pool enabled. */
async function install(inputs: Values, { kubernetes }: Cloud): Promise<void> {
  const names = children(inputs, "addons").map((addon) => text(addon, "name"));
  if (!names.includes(AUTOSCALER_ADDON)) return;
  if ((await kubernetes.find(AUTOSCALER)) !== undefined) return;
  const pools = [{ name: "default", minSize: 1, maxSize: 2, enabled: false }];
  await kubernetes.create("/api/v1/namespaces/kube-system/configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "iks-ca-configmap", namespace: "kube-system" },
    data: { "workerPoolsConfig.json": JSON.stringify(pools) },
  });
}
