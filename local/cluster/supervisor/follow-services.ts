import type { Api, OnChange } from "./api";
import type { Forwarders } from "./forwarders";
import { LoadBalancer } from "./load-balancer";
import { nodePortForwards, type Service } from "./services";

/** What is outside the cluster for its Services. */
export class ServiceFollower {
  private readonly balancer: LoadBalancer | undefined;

  /** @param network first three octets of load balancers' addresses; undefined: nobody gets one */
  constructor(
    private readonly api: Api,
    private readonly forwarders: Forwarders,
    network: string | undefined,
    private readonly log: (line: string) => void,
  ) {
    if (network !== undefined) this.balancer = new LoadBalancer({ network, forwarders, api, log });
  }

  /** NodePorts and load balancers' addresses answer for as long as their Services are there; until closed. */
  follow(): Promise<void> {
    const listed = (services: readonly Service[]) => this.balancer?.remember(services);
    const changed: OnChange<Service> = async (key, service) => {
      const forwards = service === undefined ? [] : nodePortForwards(service);
      for (const { at, error } of await this.forwarders.set(`node ports ${key}`, forwards))
        this.log(`NodePort ${at.port} of ${key} is not on ${at.host}: ${error.message}`);
      await this.balancer?.reconcile(key, service);
    };
    return this.api.follow("/api/v1/services", changed, listed);
  }

  close(): void {
    this.api.close();
    this.balancer?.close();
  }
}
