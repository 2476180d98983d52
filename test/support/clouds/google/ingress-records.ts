/** What an Ingress is in the cloud: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/ingress#resources_in_the_project */
import { createHash } from "node:crypto";
import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { text, type Values } from "../values";
import { isZone, networkId, RECORDS, selfLink } from "./names";

/** kubernetes/ingress-gce, pkg/utils/namer/frontendnamer.go */
const hashOf = (...parts: readonly string[]) =>
  createHash("sha256").update(parts.join(";")).digest("hex").slice(0, 8);

export interface IngressRecords {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  /** Names of the Services behind it. */
  readonly services: readonly string[];
  /** Of the certificate that Google manages. */
  readonly managed?: readonly string[];
  readonly tls: boolean;
  readonly redirect: boolean;
}

/** Makes the cloud's records what an Ingress asks for; those it has no use for go. */
export function recordIngress(cloud: Cloud, cluster: Values, ingress: IngressRecords): void {
  const project = `projects/${text(cluster, "project")}`;
  const global = `${project}/global`;
  const { namespace, name, uid } = ingress;
  const suffix = `${hashOf(text(cluster, "id"))}-${namespace}-${name}-${hashOf(namespace, name)}`;
  const description = JSON.stringify({ "kubernetes.io/ingress-name": `${namespace}/${name}` });
  const kept = new Set<string>();
  const put = (kind: keyof typeof RECORDS, id: string, outputs: Values = {}) => {
    kept.add(id);
    cloud.record(RECORDS[kind], id, { description, service: uid, ...outputs });
    return selfLink(id);
  };
  const map = put("urlMap", `${global}/urlMaps/k8s2-um-${suffix}`);
  const rule = (own: string, target: string, portRange: string) =>
    put("forwardingRule", `${global}/forwardingRules/${own}`, {
      IPAddress: ingress.address,
      IPProtocol: "TCP",
      loadBalancingScheme: "EXTERNAL",
      portRange,
      target,
    });
  const plain = ingress.redirect ? put("urlMap", `${global}/urlMaps/k8s2-rm-${suffix}`) : map;
  const proxy = put("targetHttpProxy", `${global}/targetHttpProxies/k8s2-tp-${suffix}`, {
    urlMap: plain,
  });
  rule(`k8s2-fr-${suffix}`, proxy, "80-80");
  if (ingress.tls) {
    const certificate =
      ingress.managed === undefined
        ? put("sslCertificate", `${global}/sslCertificates/k8s2-cr-${suffix}`)
        : put("sslCertificate", `${global}/sslCertificates/mcrt-${uid}`, {
            // Google's own, which tells no Kubernetes object: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/managed-certs
            description: "",
            type: "MANAGED",
            managed: { domains: ingress.managed },
          });
    const secure = put("targetHttpsProxy", `${global}/targetHttpsProxies/k8s2-ts-${suffix}`, {
      urlMap: map,
      sslCertificates: [certificate],
    });
    rule(`k8s2-fs-${suffix}`, secure, "443-443");
  }
  const location = text(cluster, "location");
  const zone = isZone(location) ? location : `${location}-b`;
  for (const service of ingress.services) {
    const own = `k8s1-${hashOf(text(cluster, "id"))}-${namespace}-${service}-${hashOf(namespace, service)}`;
    put("backendService", `${global}/backendServices/${own}`);
    put("healthCheck", `${global}/healthChecks/${own}`, { type: "HTTP" });
    put("networkEndpointGroup", `${project}/zones/${zone}/networkEndpointGroups/${own}`, {
      network: selfLink(networkId(cluster)),
    });
  }
  const firewall = `${global}/firewalls/k8s-fw-l7--${hashOf(text(cluster, "id"))}`;
  put("firewall", firewall, { network: selfLink(networkId(cluster)), direction: "INGRESS" });
  for (const record of recordsOf(cloud, uid)) if (!kept.has(record.id)) cloud.store.remove(record);
}

export const recordsOf = (cloud: Cloud, uid: string): Stored[] =>
  cloud.store.list().filter(({ outputs }) => text(outputs, "service") === uid);
