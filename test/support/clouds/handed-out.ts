import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Cloud } from "./cloud";
import { CloudError } from "./kind";
import type { Kubernetes } from "./kubernetes";
import { child, text, type Values } from "./values";

/** Who has the embedded cluster, and what was in it before. */
const HANDED_OUT = "cluster handed out";
const handedOut = z.object({ to: z.string(), namespaces: z.array(z.string()) });

/**
 * Gives the embedded cluster to a cluster of one of the clouds.
 * @param id of that cluster
 * @throws CloudError while another one has it
 */
export async function handOut(cloud: Cloud, id: string): Promise<void> {
  const now = handedOut.safeParse(cloud.store.get(HANDED_OUT)).data;
  if (now?.to === id) return;
  if (now !== undefined)
    throw new CloudError(`the simulated clouds have one cluster to hand out, and ${now.to} has it`);
  const found = await namespaces(cloud.kubernetes);
  cloud.store.set(HANDED_OUT, { to: id, namespaces: found });
}

/**
 * Makes the embedded cluster what it was before it was handed out. What its users had left in it is recorded, for tests that ask:
 * `Kind namespace/name`.
 */
export async function takeBack(cloud: Cloud): Promise<void> {
  const { kubernetes, store } = cloud;
  const before = handedOut.safeParse(store.get(HANDED_OUT)).data?.namespaces;
  if (before === undefined) return;
  const left = (await namespaces(kubernetes)).filter((name) => !before.includes(name));
  const objects = await Promise.all(left.map((name) => objectsIn(kubernetes, name)));
  store.set("leftovers", objects.flat());
  // Nobody is there any more to give their balancers back.
  await Promise.all(left.map((name) => liftFinalizers(kubernetes, name)));
  await Promise.all(left.map((name) => kubernetes.remove(`/api/v1/namespaces/${name}`)));
  while ((await namespaces(kubernetes)).some((name) => left.includes(name))) await sleep(200);
  store.set(HANDED_OUT, undefined);
}

async function liftFinalizers(kubernetes: Kubernetes, namespace: string): Promise<void> {
  const services = `/api/v1/namespaces/${namespace}/services`;
  for (const service of await kubernetes.list(services))
    if (Array.isArray(child(service, "metadata")["finalizers"]))
      await kubernetes.patch(`${services}/${nameOf(service)}`, { metadata: { finalizers: null } });
}

const namespaces = async (kubernetes: Kubernetes): Promise<string[]> =>
  (await kubernetes.list("/api/v1/namespaces")).map(nameOf);

const KINDS = {
  Deployment: "/apis/apps/v1",
  Service: "/api/v1",
  Ingress: "/apis/networking.k8s.io/v1",
} as const;

async function objectsIn(kubernetes: Kubernetes, namespace: string): Promise<string[]> {
  const found = [`Namespace ${namespace}`];
  for (const [kind, group] of Object.entries(KINDS)) {
    const plural = kind === "Ingress" ? "ingresses" : `${kind.toLowerCase()}s`;
    const objects = await kubernetes.list(`${group}/namespaces/${namespace}/${plural}`);
    found.push(...objects.map((object) => `${kind} ${namespace}/${nameOf(object)}`));
  }
  return found;
}

const nameOf = (object: Values): string => text(child(object, "metadata"), "name");

/**
 * A token that is the cluster's administrator for a while.
 * @param account name of the ServiceAccount it is for, made if need be
 * @param seconds 600 at least: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
 */
export async function clusterToken(
  kubernetes: Kubernetes,
  account: string,
  seconds: number,
): Promise<string> {
  const accounts = "/api/v1/namespaces/kube-system/serviceaccounts";
  const metadata = { name: account, namespace: "kube-system" };
  await kubernetes.apply(`${accounts}/${account}`, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata,
  });
  await kubernetes.apply(`/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${account}`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: account },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", ...metadata }],
  });
  const request = await kubernetes.create(`${accounts}/${account}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: seconds },
  });
  return text(child(request, "status"), "token");
}
