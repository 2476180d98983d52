import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import { handOut, takeBack } from "../handed-out";
import type { Stored } from "../kind";
import { child, children, text, type Values } from "../values";
import { newApiKey } from "./account";
import { recordBalancer } from "./balancer-records";
import { startControllers, stopControllers } from "./controllers";
import { REGISTRY_HOSTS } from "./regions";
import {
  CLASSIC_CLUSTER,
  PORTABLE_ADDRESS,
  SERVICE_API_KEY,
  SERVICE_ID,
  SERVICE_POLICY,
} from "./tokens";

/** Makes the embedded cluster the one that was asked for: what IBM Cloud puts into a new one, and what works for it from outside. */
export async function provide(cluster: Stored, cloud: Cloud): Promise<void> {
  await handOut(cloud, cluster.id);
  await labelNodes(cloud, nodeLabels(cluster));
  await applySecret(cloud, PULL_SECRET, "kubernetes.io/dockerconfigjson", {
    ".dockerconfigjson": dockerConfig(pullKey(cluster, cloud)),
  });
  const domain = text(cluster.outputs, "ingressHostname");
  const { certificate, key } = cloud.authority.issue([domain, `*.${domain}`]);
  await applySecret(cloud, text(cluster.outputs, "ingressSecret"), "kubernetes.io/tls", {
    "tls.crt": certificate,
    "tls.key": key,
  });
  frontDoor(cluster, cloud);
  await startControllers(cluster, cloud);
}

/** The reverse; its load balancers go with the network. */
export async function withdraw(cluster: Stored, cloud: Cloud): Promise<void> {
  await stopControllers(cluster);
  await takeBack(cloud);
  for (const name of [PULL_SECRET, text(cluster.outputs, "ingressSecret")])
    await cloud.kubernetes.remove(`${SECRETS}/${name}`);
  await cloud.kubernetes.remove(AUTOSCALER);
  const labels = Object.keys(nodeLabels(cluster)).map((label) => [label, null]);
  await labelNodes(cloud, Object.fromEntries(labels) as Values);
  for (const kind of [SERVICE_API_KEY, SERVICE_POLICY, SERVICE_ID, PORTABLE_ADDRESS])
    for (const held of cloud.store.list(kind)) {
      if (held.outputs["cluster"] !== cluster.id) continue;
      if (kind === PORTABLE_ADDRESS) await cloud.balancers.close(held.id);
      cloud.store.remove(held);
    }
}

const SECRETS = "/api/v1/namespaces/default/secrets";
const PULL_SECRET = "all-icr-io";

/** What the autoscaler add-on reads: https://cloud.ibm.com/docs/containers?topic=containers-cluster-scaling-enable */
export const AUTOSCALER = "/api/v1/namespaces/kube-system/configmaps/iks-ca-configmap";

async function applySecret(
  { kubernetes }: Cloud,
  name: string,
  type: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  await kubernetes.remove(`${SECRETS}/${name}`);
  await kubernetes.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "default" },
    type,
    stringData: data,
  });
}

/** https://cloud.ibm.com/docs/containers?topic=containers-worker-tag-label */
function nodeLabels({ inputs, outputs }: Stored): Record<string, string> {
  const [zone] = children(inputs, "zones");
  return {
    "ibm-cloud.kubernetes.io/region": text(outputs, "region"),
    "ibm-cloud.kubernetes.io/zone":
      zone === undefined ? text(inputs, "datacenter") : text(zone, "name"),
    "ibm-cloud.kubernetes.io/machine-type": text(inputs, "flavor") || text(inputs, "machineType"),
    "ibm-cloud.kubernetes.io/worker-pool-name": "default",
  };
}

async function labelNodes({ kubernetes }: Cloud, labels: Values): Promise<void> {
  for (const node of await kubernetes.list("/api/v1/nodes"))
    await kubernetes.patch(`/api/v1/nodes/${text(child(node, "metadata"), "name")}`, {
      metadata: { labels },
    });
}

/**
 * The API key of a service ID that reads all of the account's images; its Secret is in the namespace `default`, and nowhere else.
 * https://cloud.ibm.com/docs/containers?topic=containers-registry#cluster_registry_auth
 */
function pullKey({ id: cluster }: Stored, cloud: Cloud): string {
  const id = `ServiceId-${randomUUID()}`;
  const iamId = `iam-${id}`;
  const apikey = newApiKey();
  cloud.record(SERVICE_ID, id, { name: `cluster-${cluster}`, iamId, cluster });
  cloud.record(SERVICE_POLICY, `${id}/${randomUUID()}`, {
    iamServiceId: id,
    roles: ["Reader"],
    resources: { service: "container-registry" },
    cluster,
  });
  cloud.record(SERVICE_API_KEY, `ApiKey-${randomUUID()}`, { iamServiceId: iamId, apikey, cluster });
  return apikey;
}

function dockerConfig(password: string): string {
  const auth = Buffer.from(`iamapikey:${password}`).toString("base64");
  const hosts = [...new Set(Object.values(REGISTRY_HOSTS)), "icr.io"];
  return JSON.stringify({
    auths: Object.fromEntries(
      hosts.map((host) => [host, { username: "iamapikey", password, auth }]),
    ),
  });
}

/**
 * The balancer that a cluster brings with it: what its Ingress answers at, or the router of OpenShift.
 * https://cloud.ibm.com/docs/containers?topic=containers-managed-ingress-about
 */
function frontDoor(cluster: Stored, cloud: Cloud): void {
  if (cluster.kind === CLASSIC_CLUSTER) {
    const address = cloud.address();
    cloud.record(PORTABLE_ADDRESS, address, { cluster: cluster.id, address });
    return;
  }
  recordBalancer(cloud, {
    region: text(cluster.outputs, "region"),
    vpc: text(cluster.inputs, "vpcId"),
    subnets: children(cluster.inputs, "zones").map((zone) => text(zone, "subnetId")),
    owner: { cluster: cluster.id },
    kind: "alb",
    scope: "public",
  });
}
