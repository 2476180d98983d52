import type { Api } from "./api";
import type { Forwarders } from "./forwarders";
import { forwardable, type Service } from "./services";

/** On a Service: it is given no address, or loses the one it has, as where a cloud has none left. For tests. */
export const WITHHOLD_ANNOTATION = "modelport.dev/withhold-address";

export interface LoadBalancerOptions {
  /** First three octets of the addresses, loopback. */
  readonly network: string;
  readonly forwarders: Forwarders;
  readonly api: Pick<Api, "send">;
  readonly log: (line: string) => void;
  /** How soon addresses that were taken, and statuses that could not be written, are tried again. Default: 15 s. */
  readonly retryMs?: number;
}

/** Why a Service has no address: what becomes an event of it. */
interface Refusal {
  readonly reason: "AddressWithheld" | "AddressTaken" | "NoAddress";
  readonly message: string;
}

type Decision = { readonly address: string } | Refusal | "not ours";

const ABOUTS = ["address", "ports"] as const;

const HOSTS = Array.from({ length: 254 }, (_, index) => index + 1);

/**
 * Gives every Service of type LoadBalancer a loopback address of its own, which answers on this machine only.
 * The Service's status is the memory: what it says is taken again after a restart.
 */
export class LoadBalancer {
  private readonly addresses = new Map<string, string>();
  /** What was said last of a Service, by what it is about: told once. */
  private readonly told = new Map<string, string>();
  private readonly retries = new Map<string, NodeJS.Timeout>();
  private last: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly options: LoadBalancerOptions) {}

  /** Of those that have an address nobody else is given it, whoever comes first. @param services all that there are */
  remember(services: readonly Service[]): void {
    const given = new Set(this.addresses.values());
    for (const service of services) {
      const { namespace, name } = service.metadata;
      const [key, address] = [`${namespace}/${name}`, addressOf(service)];
      if (address === undefined || given.has(address) || this.addresses.has(key)) continue;
      if (service.spec.type !== "LoadBalancer" || !isIn(this.options.network, address)) continue;
      given.add(address);
      this.addresses.set(key, address);
    }
  }

  /** One after the other; what goes wrong with one is logged. @param key `<namespace>/<name>` @param service undefined once it is deleted */
  reconcile(key: string, service: Service | undefined): Promise<void> {
    this.last = this.last
      .then(() => this.settle(key, service))
      .catch((error: unknown) => {
        this.options.log(`load balancer: Service ${key}: ${String(error)}`);
      });
    return this.last;
  }

  close(): void {
    this.closed = true;
    for (const retry of this.retries.values()) clearTimeout(retry);
    this.retries.clear();
  }

  private async settle(key: string, service: Service | undefined): Promise<void> {
    clearTimeout(this.retries.get(key));
    this.retries.delete(key);
    const decision = service === undefined ? "not ours" : await this.decide(key, service);
    if (decision === "not ours") for (const about of ABOUTS) this.told.delete(`${key} ${about}`);
    if (decision === "not ours" || "reason" in decision) await this.release(key);
    if (service === undefined) return;
    let written = false;
    try {
      await this.write(service, decision);
      written = true;
      if (decision !== "not ours") await this.tell(key, service, decision);
    } catch (error) {
      this.options.log(`load balancer: Service ${key}: ${(error as Error).message}`);
    }
    const taken =
      decision !== "not ours" && "reason" in decision && decision.reason === "AddressTaken";
    if (taken || !written) this.tryLater(key, service);
  }

  /** Whatever is told of the Service meanwhile comes in its place. */
  private tryLater(key: string, service: Service): void {
    if (this.closed) return;
    const again = setTimeout(
      () => void this.reconcile(key, service),
      this.options.retryMs ?? 15_000,
    );
    this.retries.set(key, again.unref());
  }

  private async decide(key: string, service: Service): Promise<Decision> {
    const { metadata, spec } = service;
    if (spec.type !== "LoadBalancer" || spec.loadBalancerClass !== undefined) return "not ours";
    if (metadata.annotations?.[WITHHOLD_ANNOTATION] === "true")
      return { reason: "AddressWithheld", message: `annotation ${WITHHOLD_ANNOTATION} is "true"` };
    const ports = forwardable(service);
    const left = (spec.ports ?? []).length - ports.length;
    const rule = "only TCP ports with a node port are passed on";
    if (ports.length === 0)
      return { reason: "NoAddress", message: `it has no port to pass on: ${rule}` };
    if (left > 0) this.once(key, "ports", `${left} of its ports left out: ${rule}`);

    const { network } = this.options;
    const asked = spec.loadBalancerIP;
    if (asked !== undefined && !isIn(network, asked))
      return {
        reason: "NoAddress",
        message: `loadBalancerIP ${asked} is not in ${network}.0/24, the addresses of this cluster`,
      };
    let why = `no address of ${network}.0/24 is free`;
    for (const address of asked === undefined ? this.candidates(key, service) : [asked]) {
      const holder = [...this.addresses].find(([, given]) => given === address)?.[0] ?? key;
      if (holder !== key) {
        if (asked !== undefined) why = `${address} was given to Service ${holder}`;
        continue;
      }
      const forwards = ports.map(({ port, nodePort }) => ({
        at: { host: address, port },
        nodePort,
      }));
      const [taken] = await this.options.forwarders.set(owner(key), forwards);
      if (taken === undefined) {
        this.addresses.set(key, address);
        return { address };
      }
      why = `port ${taken.at.port} of ${asked ?? `every address of ${network}.0/24`} can't be had: ${taken.error.message}`;
    }
    return { reason: "AddressTaken", message: why };
  }

  /** What it has, or had before a restart, then any that is free. */
  private candidates(key: string, service: Service): Set<string> {
    const { network } = this.options;
    const known = [this.addresses.get(key), addressOf(service)].filter(
      (address) => address !== undefined && isIn(network, address),
    );
    return new Set([...known, ...HOSTS.map((host) => `${network}.${host}`)] as string[]);
  }

  private async release(key: string): Promise<void> {
    this.addresses.delete(key);
    await this.options.forwarders.set(owner(key), []);
  }

  /**
   * `ipMode: Proxy`: kube-proxy must not take the address for the node's own.
   * https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-ip-mode
   */
  private async write(service: Service, decision: Decision): Promise<void> {
    const has = addressOf(service);
    const address = typeof decision === "object" && "address" in decision ? decision.address : null;
    if (has === (address ?? undefined)) return;
    // Whoever else balances has written it.
    if (decision === "not ours" && !isIn(this.options.network, has ?? "")) return;
    const { namespace, name } = service.metadata;
    const ingress = address === null ? null : [{ ip: address, ipMode: "Proxy" }];
    await this.options.api.send(
      "PATCH",
      `/api/v1/namespaces/${namespace}/services/${name}/status`,
      {
        status: { loadBalancer: { ingress } },
      },
    );
  }

  private async tell(
    key: string,
    { metadata: { namespace, name, uid } }: Service,
    decision: { readonly address: string } | Refusal,
  ): Promise<void> {
    const { type, reason, message } =
      "address" in decision
        ? { type: "Normal", reason: "AddressGiven", message: decision.address }
        : { type: "Warning", ...decision };
    if (!this.once(key, "address", `${reason}: ${message}`)) return;
    const now = new Date().toISOString();
    await this.options.api.send("POST", `/api/v1/namespaces/${namespace}/events`, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${Date.now().toString(16)}`, namespace },
      involvedObject: { apiVersion: "v1", kind: "Service", namespace, name, uid },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: "modelport" },
    });
  }

  /** Logs what is new of a Service. @returns whether it is */
  private once(key: string, about: (typeof ABOUTS)[number], message: string): boolean {
    if (this.told.get(`${key} ${about}`) === message) return false;
    this.told.set(`${key} ${about}`, message);
    this.options.log(`load balancer: Service ${key}: ${message}`);
    return true;
  }
}

const owner = (key: string): string => `load balancer ${key}`;

const addressOf = ({ status }: Service): string | undefined =>
  status?.loadBalancer?.ingress?.[0]?.ip;

const isIn = (network: string, address: string): boolean =>
  address.startsWith(`${network}.`) && HOSTS.includes(Number(address.slice(network.length + 1)));
