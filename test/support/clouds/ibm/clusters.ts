import { createHash } from "node:crypto";
import type { Cloud } from "../cloud";
import type { Kind, Stored } from "../kind";
import { children, text, type Values } from "../values";
import { regionOfProvider } from "./account";
import { provide, withdraw } from "./cluster-contents";
import {
  checkClassicIsOpen,
  checkName,
  checkObjectStorage,
  checkWorkers,
  checkZones,
  isOpenShift,
  workersPerZone,
} from "./cluster-rules";
import { joinNetwork, leaveNetwork } from "./cluster-network";
import { ACCOUNT, clusterId, crn, RESOURCE_GROUP } from "./ids";
import { addDefaultPool, removePools } from "./pools";
import { regionOfDatacenter } from "./regions";
import { CLASSIC_CLUSTER, VPC_CLUSTER } from "./tokens";
import { count } from "./values";

const DOCS = "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources";

/** Arguments that count when it is made: the provider leaves later changes of them alone. */
const ONCE = ["entitlement", "operatingSystem", "waitTill", "taints"];

async function deleted(cluster: Stored, cloud: Cloud): Promise<void> {
  await withdraw(cluster, cloud);
  await leaveNetwork(cluster, cloud);
  removePools(cluster, cloud);
}

export const vpcCluster: Kind = {
  token: VPC_CLUSTER,
  docs: `${DOCS}/container_vpc_cluster`,
  replaceOn: ["name", "vpcId", "podSubnet", "serviceSubnet", "resourceGroupId"],
  appliedOnce: [...ONCE, "flavor", "workerCount", "workerLabels", "cosInstanceCrn", "hostPoolId"],
  seconds: { create: 1200, update: 600, delete: 600 },
  create(inputs, cloud) {
    checkName(inputs, cloud);
    checkZones(inputs, cloud);
    checkWorkers(inputs, workersPerZone(inputs) * children(inputs, "zones").length);
    checkObjectStorage(inputs, cloud);
    const id = clusterId();
    const region = regionOfProvider(cloud);
    return {
      id,
      outputs: {
        ...described(id, region, inputs, cloud),
        masterStatus: "Ready",
        masterUrl: cloud.kubernetes.server.href,
        state: "normal",
        workerCount: 1,
      },
      async finish() {
        const cluster = clusterOf(cloud, VPC_CLUSTER, id);
        joinNetwork(cluster, cloud);
        addDefaultPool(cluster, cloud);
        await provide(cluster, cloud);
        return {};
      },
    };
  },
  deleted,
};

export const classicCluster: Kind = {
  token: CLASSIC_CLUSTER,
  docs: `${DOCS}/container_cluster`,
  replaceOn: [
    ...["name", "datacenter", "podSubnet", "serviceSubnet", "resourceGroupId"],
    ...["publicVlanId", "privateVlanId", "noSubnet", "gatewayEnabled"],
  ],
  appliedOnce: [...ONCE, "machineType", "hardware", "defaultPoolSize", "diskEncryption"],
  seconds: { create: 1200, update: 600, delete: 600 },
  create(inputs, cloud) {
    checkClassicIsOpen(cloud);
    checkName(inputs, cloud);
    checkWorkers(inputs, count(inputs, "defaultPoolSize", 1));
    const id = clusterId();
    const region = regionOfDatacenter(text(inputs, "datacenter"));
    return {
      id,
      outputs: {
        ...described(id, region, inputs, cloud),
        serverUrl: cloud.kubernetes.server.href,
        defaultPoolSize: 1,
      },
      async finish() {
        const cluster = clusterOf(cloud, CLASSIC_CLUSTER, id);
        addDefaultPool(cluster, cloud);
        await provide(cluster, cloud);
        return {};
      },
    };
  },
  deleted,
};

function clusterOf(cloud: Cloud, kind: string, id: string): Stored {
  const cluster = cloud.store.find(kind, id);
  if (cluster === undefined) throw new Error(`cluster ${id} is gone`);
  return cluster;
}

function described(id: string, region: string, inputs: Values, cloud: Cloud): Values {
  const own = crn("containers-kubernetes", { region, instance: id });
  const name = text(inputs, "name");
  // The first label of the domain is 63 characters long at most.
  const label = `${name.slice(0, 25)}-${createHash("md5").update(ACCOUNT).digest("hex")}-0000`;
  return {
    crn: own,
    resourceCrn: own,
    resourceName: name,
    resourceStatus: "normal",
    resourceGroupId: text(inputs, "resourceGroupId") || RESOURCE_GROUP.id,
    resourceGroupName: RESOURCE_GROUP.name,
    resourceControllerUrl: "https://cloud.ibm.com/kubernetes/clusters",
    region,
    ingressHostname: `${label}.${region}.containers.appdomain.cloud`,
    ingressSecret: label,
    kubeVersion: text(inputs, "kubeVersion") || (isOpenShift(inputs) ? "4.20" : "1.34.4"),
    publicServiceEndpointUrl: cloud.kubernetes.server.href,
    privateServiceEndpointUrl: "",
  };
}
