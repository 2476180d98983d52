/** Gives Services of type LoadBalancer what IBM Cloud gives them, and takes it back. */
import { setTimeout as delay } from "node:timers/promises";
import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { warn, type Warning } from "../events";
import type { KubernetesEvent } from "../kubernetes";
import { child, children, text, type Values } from "../values";
import { recordBalancer, removeBalancer, statusOf } from "./balancer-records";
import { CLASSIC_CLUSTER, LOAD_BALANCER, PORTABLE_ADDRESS } from "./tokens";
import { count, texts, textMap } from "./values";

const PREFIX = "service.kubernetes.io/ibm-load-balancer-cloud-provider";

/** What keeps a Service until its balancer is gone: https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer */
const FINALIZER = "service.kubernetes.io/load-balancer-cleanup";

/** Seconds at latency 1: "a few minutes", https://cloud.ibm.com/docs/containers?topic=containers-setup_vpc_alb */
const CREATE_SECONDS = 180;
const DELETE_SECONDS = 60;
const WITHHELD_SECONDS = 20;

const RETRY_MS = 200;

/**
 * Of a portable subnet's 8 addresses a cluster can use 5; one of them is its Ingress'.
 * https://cloud.ibm.com/docs/containers?topic=containers-subnets#basics_subnets
 */
const PORTABLE_ADDRESSES = 5;

/** Of one cluster, from its start to its stop. */
export class ServiceBalancers {
  private readonly abort = new AbortController();
  /** UIDs of Services that something is being done for. */
  private readonly busy = new Set<string>();

  constructor(
    private readonly cluster: Stored,
    private readonly cloud: Cloud,
  ) {}

  start(): void {
    void this.cloud.kubernetes.follow(
      "/api/v1/services",
      (event) => {
        this.onEvent(event);
        return Promise.resolve();
      },
      this.abort.signal,
    );
  }

  stop(): void {
    this.abort.abort();
  }

  private onEvent({ type, object }: KubernetesEvent): void {
    const service = new ServiceObject(object);
    if (service.type !== "LoadBalancer" && this.recordOf(service) === undefined) return;
    if (this.busy.has(service.uid)) return;
    this.busy.add(service.uid);
    const gone = type === "DELETED" || service.isGoing || service.type !== "LoadBalancer";
    void (gone ? this.takeBack(service) : this.serve(service))
      .catch((error: unknown) => this.cloud.log(`${service.path}: ${String(error)}`))
      .then(() => this.again(service));
  }

  /** What happened to it meanwhile was not looked at; what has no address is tried again. */
  private async again(service: ServiceObject): Promise<void> {
    await delay(RETRY_MS);
    this.busy.delete(service.uid);
    if (this.abort.signal.aborted) return;
    const object = await this.cloud.kubernetes.find(service.path).catch(() => service.object);
    if (object === undefined) return;
    const now = new ServiceObject(object);
    if (now.version !== service.version || !now.hasAddress)
      this.onEvent({ type: "MODIFIED", object });
  }

  private async serve(service: ServiceObject): Promise<void> {
    const { cloud } = this;
    if (!service.finalizers.includes(FINALIZER))
      await this.patch(service, { metadata: { finalizers: [...service.finalizers, FINALIZER] } });
    const found = this.recordOf(service) ?? this.make(service);
    if (found === undefined) {
      await warn(cloud.kubernetes, service.object, NO_ADDRESS);
      await cloud.sleep(WITHHELD_SECONDS);
      return;
    }
    if (!service.hasAddress) {
      await cloud.sleep(CREATE_SECONDS);
      while (cloud.faults.holds("withhold-address") && !this.abort.signal.aborted) {
        if (await this.isGone(service)) return;
        await warn(cloud.kubernetes, service.object, pending(found));
        await cloud.sleep(WITHHELD_SECONDS);
      }
      if (await this.isGone(service)) return;
    }
    const address = text(found.outputs, "address");
    for (const { port, nodePort } of service.ports)
      await cloud.balancers.tcp(address, port, {
        host: cloud.settings.nodeAddress,
        port: nodePort,
      });
    if (!service.hasAddress)
      await cloud.kubernetes.patch(`${service.path}/status`, {
        status: { loadBalancer: { ingress: [statusOf(found)] } },
      });
  }

  private async isGone({ path, uid }: ServiceObject): Promise<boolean> {
    if (this.abort.signal.aborted) return true;
    const now = await this.cloud.kubernetes.find(path);
    if (now === undefined) return true;
    const service = new ServiceObject(now);
    return service.uid !== uid || service.isGoing || service.type !== "LoadBalancer";
  }

  private async takeBack(service: ServiceObject): Promise<void> {
    const found = this.recordOf(service);
    if (found !== undefined) {
      await this.cloud.balancers.close(text(found.outputs, "address"));
      await this.cloud.sleep(DELETE_SECONDS);
      await removeBalancer(found, this.cloud);
    }
    if (service.finalizers.includes(FINALIZER))
      await this.patch(service, {
        metadata: { finalizers: service.finalizers.filter((name) => name !== FINALIZER) },
      });
  }

  /** What is gone needs no change. */
  private async patch({ path }: ServiceObject, change: Values): Promise<void> {
    if ((await this.cloud.kubernetes.find(path)) === undefined) return;
    await this.cloud.kubernetes.patch(path, change);
  }

  private recordOf({ uid }: ServiceObject): Stored | undefined {
    return [
      ...this.cloud.store.list(LOAD_BALANCER),
      ...this.cloud.store.list(PORTABLE_ADDRESS),
    ].find(({ outputs }) => child(outputs, "service")["uid"] === uid);
  }

  /** @returns undefined where the account has nothing left to give */
  private make(service: ServiceObject): Stored | undefined {
    const { cluster, cloud } = this;
    const owner = { cluster: cluster.id, service: service.identity };
    if (cluster.kind === CLASSIC_CLUSTER) {
      if (cloud.store.list(PORTABLE_ADDRESS).length >= PORTABLE_ADDRESSES) return undefined;
      const address = cloud.address();
      return cloud.record(PORTABLE_ADDRESS, address, { ...owner, address });
    }
    const { annotations } = service;
    const name = annotations[`${PREFIX}-vpc-lb-name`];
    return recordBalancer(cloud, {
      region: text(cluster.outputs, "region"),
      vpc: text(cluster.inputs, "vpcId"),
      subnets: children(cluster.inputs, "zones").map((zone) => text(zone, "subnetId")),
      owner,
      kind: annotations[`${PREFIX}-enable-features`] === "nlb" ? "nlb" : "alb",
      scope: annotations[`${PREFIX}-ip-type`] === "private" ? "private" : "public",
      ...(name === undefined ? {} : { name }),
    });
  }
}

/** https://github.com/IBM-Cloud/terraform-provider-ibm/issues/662 */
const NO_ADDRESS: Warning = {
  component: "ibm-cloud-provider",
  reason: "CreatingCloudLoadBalancerFailed",
  message:
    "No cloud provider IPs are available to fulfill the load balancer service request. Add a portable subnet to the cluster and try again.",
};

const pending = ({ outputs }: Stored): Warning => ({
  component: "ibm-cloud-provider",
  reason: "SyncLoadBalancerFailed",
  message: `Error syncing load balancer: failed to ensure load balancer: Load balancer ${text(outputs, "name")} is not ready: its provisioning status is create_pending`,
});

/** A Service as the controller reads it. */
class ServiceObject {
  constructor(readonly object: Values) {}

  private get metadata(): Values {
    return child(this.object, "metadata");
  }

  get uid(): string {
    return text(this.metadata, "uid");
  }

  get version(): string {
    return text(this.metadata, "resourceVersion");
  }

  get identity() {
    const { uid } = this;
    return { uid, namespace: text(this.metadata, "namespace"), name: text(this.metadata, "name") };
  }

  get path(): string {
    const { namespace, name } = this.identity;
    return `/api/v1/namespaces/${namespace}/services/${name}`;
  }

  get type(): string {
    return text(child(this.object, "spec"), "type");
  }

  get isGoing(): boolean {
    return this.metadata["deletionTimestamp"] !== undefined;
  }

  get finalizers(): string[] {
    return texts(this.metadata, "finalizers");
  }

  get annotations(): Record<string, string> {
    return textMap(this.metadata, "annotations");
  }

  get ports(): { port: number; nodePort: number }[] {
    return children(child(this.object, "spec"), "ports").map((port) => ({
      port: count(port, "port", 0),
      nodePort: count(port, "nodePort", 0),
    }));
  }

  get hasAddress(): boolean {
    return children(child(child(this.object, "status"), "loadBalancer"), "ingress").length > 0;
  }
}
