import type { SimulatedCloud } from "../cloud";
import { login, newApiKey, userKey } from "./account";
import { addons } from "./addons";
import { getClusterConfig } from "./cluster-config";
import { clusters } from "./cluster-rules";
import { classicCluster, vpcCluster } from "./clusters";
import { startControllers, stopAllControllers } from "./controllers";
import { heldBack } from "./held-back";
import { serviceApiKey, serviceId, servicePolicy } from "./iam";
import { sweepInterfaces } from "./network-use";
import { classicWorkerPool, vpcWorkerPool } from "./pools";
import { namespace, registries, retentionPolicy } from "./registry";
import { getResourceGroup, resourceInstance } from "./resources";
import { endpoints, rest } from "./rest";
import { publicGateway, subnet, vpc } from "./vpc";

export const ibm: SimulatedCloud = {
  name: "ibm",
  kinds: [
    ...[vpc, publicGateway, subnet],
    ...[vpcCluster, classicCluster, vpcWorkerPool, classicWorkerPool, addons],
    ...[namespace, retentionPolicy],
    ...[serviceId, servicePolicy, serviceApiKey],
    resourceInstance,
  ].map(heldBack),
  functions: {
    "ibm:index/getContainerClusterConfig:getContainerClusterConfig": getClusterConfig,
    "ibm:index/getResourceGroup:getResourceGroup": getResourceGroup,
  },
  login,
  rest,
  registries,
  programs: {},
  async start(cloud) {
    sweepInterfaces(cloud);
    for (const cluster of clusters(cloud)) await startControllers(cluster, cloud);
    return {
      IC_API_KEY: userKey(cloud),
      // Classic infrastructure has logins of its own: https://cloud.ibm.com/docs/account?topic=account-classic_keys
      IAAS_CLASSIC_USERNAME: "123456_owner@example.com",
      IAAS_CLASSIC_API_KEY: newApiKey(),
      ...endpoints(cloud),
    };
  },
  stop: stopAllControllers,
};
