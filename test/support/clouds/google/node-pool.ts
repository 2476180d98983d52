import type { Kind } from "../kind";
import { text, type Values } from "../values";
import { allow } from "./access";
import { clusterId, requireAccount, requireDisks } from "./cluster";
import { googleError } from "./errors";
import { placeDefaults, TOKENS } from "./names";
import { addInstance, removeInstances } from "./nodes";

const poolId = (inputs: Values) =>
  `${clusterId(inputs, text(inputs, "cluster"))}/nodePools/${text(inputs, "name")}`;

/** Machines of a Standard cluster. */
export const nodePool: Kind = {
  token: TOKENS.nodePool,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/container_node_pool",
  replaceOn: ["project", "location", "cluster", "name", "initialNodeCount", "nodeConfig"],
  autoNamed: true,
  defaults: (inputs, config) => ({ project: placeDefaults(inputs, config)["project"] }),
  seconds: { create: 20, update: 8, delete: 15 },
  create(inputs, cloud) {
    const id = poolId(inputs);
    const parent = clusterId(inputs, text(inputs, "cluster"));
    const doing = "error creating NodePool";
    allow(cloud, inputs, {
      doing,
      api: "container",
      permission: "container.clusters.update",
      resource: parent,
    });
    const cluster = cloud.store.find(TOKENS.cluster, parent);
    if (cluster?.state !== "ready")
      throw googleError("pool-without-cluster", doing, 404, `Not found: ${parent}.`, "notFound");
    // https://github.com/turbot/steampipe-plugin-gcp/pull/591
    if (cluster.inputs["enableAutopilot"] === true)
      throw googleError(
        "pool-on-autopilot",
        doing,
        400,
        "Autopilot node pools cannot be accessed or modified.",
        "badRequest",
      );
    if (cloud.store.find(TOKENS.nodePool, id) !== undefined)
      throw googleError("pool-taken", doing, 409, `Already exists: ${id}.`, "alreadyExists");
    requireAccount(inputs, cloud);
    requireDisks(inputs, cloud);
    return {
      id,
      outputs: { version: "1.34.4-gke.1000000" },
      finish: () => {
        addInstance(cloud, cluster.inputs, text(inputs, "name"));
        return Promise.resolve({});
      },
    };
  },
  deleted({ inputs }, cloud) {
    const cluster = cloud.store.find(TOKENS.cluster, clusterId(inputs, text(inputs, "cluster")));
    if (cluster !== undefined) removeInstances(cloud, cluster.inputs, text(inputs, "name"));
  },
};
