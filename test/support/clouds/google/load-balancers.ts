/** Services of type LoadBalancer: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer */
import { createHash } from "node:crypto";
import type { Cloud } from "../cloud";
import { warn } from "../events";
import type { Stored } from "../kind";
import { child, children, text, type Values } from "../values";
import { userOf } from "./address";
import type { Controller } from "./control-plane";
import { networkId, RECORDS, regionOf, selfLink, subnetworkId, TOKENS } from "./names";

const FINALIZER = "gke.networking.io/l4-netlb-v2";

/** Seconds that a firewall stays after its balancer: what is asked right away still finds it in use. */
const FIREWALL_SECONDS = 20;
const CREATE_SECONDS = 15;
const DELETE_SECONDS = 10;

/** A balancer in the cloud, and what it does here. */
interface Balancer {
  readonly address: string;
  readonly ports: string;
}

export class LoadBalancers implements Controller {
  /** By the Service's UID. */
  private readonly balancers = new Map<string, Balancer>();
  /** UIDs of Services that are worked on: that takes as long as in a cloud, and others don't wait for it. */
  private readonly busy = new Set<string>();

  constructor(
    private readonly cloud: Cloud,
    private readonly cluster: Values,
  ) {}

  async reconcile(): Promise<void> {
    const services = await this.services();
    for (const service of services) this.start(service);
    const uids = new Set(services.map(uidOf));
    for (const uid of this.balancers.keys()) if (!uids.has(uid)) await this.remove(uid);
  }

  async abandon(): Promise<void> {
    for (const service of await this.services()) await this.letGo(service);
    for (const { address } of this.balancers.values()) await this.cloud.balancers.close(address);
  }

  private async services(): Promise<Values[]> {
    const all = await this.cloud.kubernetes.list("/api/v1/services");
    return all.filter((service) => isOurs(service) || finalizersOf(service).includes(FINALIZER));
  }

  private start(service: Values): void {
    const uid = uidOf(service);
    if (this.busy.has(uid)) return;
    this.busy.add(uid);
    void this.settle(service)
      .catch((error: unknown) => this.cloud.log(`${nameOf(service)}: ${String(error)}`))
      .finally(() => this.busy.delete(uid));
  }

  private async settle(service: Values): Promise<void> {
    const uid = uidOf(service);
    if (!isOurs(service) || text(child(service, "metadata"), "deletionTimestamp") !== "") {
      await this.remove(uid);
      await this.letGo(service);
      return;
    }
    const ports = portsOf(service);
    const existing = this.balancers.get(uid);
    if (existing?.ports === JSON.stringify(ports)) return;
    if (!finalizersOf(service).includes(FINALIZER))
      await this.setFinalizers(service, [...finalizersOf(service), FINALIZER]);
    const address = existing?.address ?? (await this.addressFor(service));
    if (address === undefined) return;
    if (existing === undefined) {
      this.record(service, address);
      await this.cloud.sleep(CREATE_SECONDS);
    }
    for (const { port, nodePort } of ports)
      await this.cloud.balancers.tcp(address, port, {
        host: this.cloud.settings.nodeAddress,
        port: nodePort,
      });
    this.balancers.set(uid, { address, ports: JSON.stringify(ports) });
    await this.cloud.kubernetes.patch(`${pathOf(service)}/status`, {
      status: { loadBalancer: { ingress: [{ ip: address, ipMode: "VIP" }] } },
    });
  }

  /**
   * The one that is asked for, if it is the project's own and free, else any.
   * https://docs.cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters#spd-static-ip-parameters
   */
  private async addressFor(service: Values): Promise<string | undefined> {
    const { cloud } = this;
    if (cloud.faults.value("withhold-address") !== undefined) {
      await this.refuse(
        service,
        "the address is not given yet: Quota 'FORWARDING_RULES' exceeded.",
      );
      return undefined;
    }
    const own = cloud.store.find(RECORDS.forwardingRule, this.ruleId(uidOf(service)));
    if (own !== undefined) return text(own.outputs, "IPAddress");
    const asked = text(child(service, "spec"), "loadBalancerIP");
    if (asked === "") return cloud.address();
    const isReserved = cloud.store
      .list(TOKENS.address)
      .some(({ outputs }) => text(outputs, "address") === asked);
    if (isReserved && userOf(cloud, asked) === undefined) return asked;
    // Words of k8s.io/cloud-provider-gcp, providers/gce/gce_loadbalancer_external.go.
    await this.refuse(
      service,
      `failed to ensure load balancer: requested ip "${asked}" is neither static nor assigned to the LB`,
    );
    return undefined;
  }

  private refuse(service: Values, why: string): Promise<void> {
    return warn(this.cloud.kubernetes, service, {
      reason: "SyncLoadBalancerFailed",
      message: `Error syncing load balancer: ${why}`,
      component: "service-controller",
    });
  }

  private ruleId(uid: string): string {
    const region = regionOf(text(this.cluster, "location"));
    return `projects/${text(this.cluster, "project")}/regions/${region}/forwardingRules/${ruleName(uid)}`;
  }

  /** What the cloud has of it: a forwarding rule, what it leads to, firewalls. */
  private record(service: Values, address: string): void {
    const { cloud, cluster } = this;
    const project = `projects/${text(cluster, "project")}`;
    const region = `${project}/regions/${regionOf(text(cluster, "location"))}`;
    const name = ruleName(uidOf(service));
    const shared = {
      region: selfLink(region),
      description: JSON.stringify({ "kubernetes.io/service-name": nameOf(service) }),
      service: uidOf(service),
    };
    const kind = kindOf(service);
    const backend = backendName(cluster, service);
    const internal =
      kind === "internal"
        ? {
            network: selfLink(networkId(cluster)),
            subnetwork: selfLink(subnetworkId(cluster, regionOf(text(cluster, "location")))),
          }
        : {};
    const target =
      kind === "target pool"
        ? { target: selfLink(`${region}/targetPools/${name}`) }
        : { backendService: selfLink(`${region}/backendServices/${backend}`) };
    const put = (record: keyof typeof RECORDS, id: string, outputs: Values) =>
      cloud.record(RECORDS[record], id, { name: id.split("/").at(-1), ...shared, ...outputs });
    put("forwardingRule", `${region}/forwardingRules/${name}`, {
      IPAddress: address,
      IPProtocol: "TCP",
      loadBalancingScheme: kind === "internal" ? "INTERNAL" : "EXTERNAL",
      ...target,
      ...internal,
    });
    const firewall = (own: string) =>
      put("firewall", `${project}/global/firewalls/${own}`, {
        network: selfLink(networkId(cluster)),
        direction: "INGRESS",
        targetTags: [`gke-${text(cluster, "name")}-node`],
      });
    if (kind === "target pool") {
      put("targetPool", `${region}/targetPools/${name}`, {});
      put("httpHealthCheck", `${project}/global/httpHealthChecks/${name}`, {});
      firewall(`k8s-fw-${name}`);
      firewall(`k8s-${clusterHash(cluster)}-node-http-hc`);
    } else {
      put("backendService", `${region}/backendServices/${backend}`, {
        loadBalancingScheme: kind === "internal" ? "INTERNAL" : "EXTERNAL",
      });
      put("healthCheck", `${project}/global/healthChecks/${backend}`, { type: "HTTP" });
      firewall(backend);
      firewall(`${backend}-fw`);
    }
  }

  /** Firewalls go last, some time later. */
  private async remove(uid: string): Promise<void> {
    const { cloud } = this;
    const records = this.recordsOf(uid);
    const rule = records.find(({ kind }) => kind === RECORDS.forwardingRule);
    const address = this.balancers.get(uid)?.address ?? text(rule?.outputs ?? {}, "IPAddress");
    if (address !== "") await cloud.balancers.close(address);
    this.balancers.delete(uid);
    if (rule === undefined) return;
    await cloud.sleep(DELETE_SECONDS);
    const firewalls = records.filter(({ kind }) => kind === RECORDS.firewall);
    for (const record of records) if (!firewalls.includes(record)) cloud.store.remove(record);
    cloud.later(FIREWALL_SECONDS, () => {
      for (const record of firewalls) cloud.store.remove(record);
    });
  }

  private recordsOf(uid: string): Stored[] {
    return this.cloud.store.list().filter(({ outputs }) => text(outputs, "service") === uid);
  }

  private async letGo(service: Values): Promise<void> {
    const own = finalizersOf(service);
    if (own.includes(FINALIZER))
      await this.setFinalizers(
        service,
        own.filter((one) => one !== FINALIZER),
      );
  }

  private async setFinalizers(service: Values, finalizers: readonly string[]): Promise<void> {
    await this.cloud.kubernetes.patch(pathOf(service), { metadata: { finalizers } });
  }
}

type BalancerKind = "internal" | "backend service" | "target pool";

function kindOf(service: Values): BalancerKind {
  const annotations = child(child(service, "metadata"), "annotations");
  if (text(annotations, "networking.gke.io/load-balancer-type") === "Internal") return "internal";
  return text(annotations, "cloud.google.com/l4-rbs") === "enabled"
    ? "backend service"
    : "target pool";
}

/** k8s.io/cloud-provider: DefaultLoadBalancerName. */
const ruleName = (uid: string) => `a${uid.replaceAll("-", "")}`.slice(0, 32);

const clusterHash = (cluster: Values) =>
  createHash("sha256").update(text(cluster, "id")).digest("hex").slice(0, 8);

/** kubernetes/ingress-gce, pkg/utils/namer/l4_namer.go */
function backendName(cluster: Values, service: Values): string {
  const { namespace, name } = placeOf(service);
  const hash = createHash("sha256").update(`${namespace};${name}`).digest("hex").slice(0, 8);
  return `k8s2-${clusterHash(cluster)}-${namespace.slice(0, 17)}-${name.slice(0, 17)}-${hash}`;
}

const isOurs = (service: Values) => {
  const spec = child(service, "spec");
  return text(spec, "type") === "LoadBalancer" && spec["loadBalancerClass"] === undefined;
};

function portsOf(service: Values): { port: number; nodePort: number }[] {
  return children(child(service, "spec"), "ports").map(({ port, nodePort }) => ({
    port: Number(port),
    nodePort: Number(nodePort),
  }));
}

function finalizersOf(service: Values): string[] {
  const { finalizers } = child(service, "metadata");
  return Array.isArray(finalizers) ? finalizers.map(String) : [];
}

const uidOf = (service: Values) => text(child(service, "metadata"), "uid");

function placeOf(service: Values): { namespace: string; name: string } {
  const metadata = child(service, "metadata");
  return { namespace: text(metadata, "namespace"), name: text(metadata, "name") };
}

const nameOf = (service: Values) => `${placeOf(service).namespace}/${placeOf(service).name}`;

function pathOf(service: Values): string {
  const { namespace, name } = placeOf(service);
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}
