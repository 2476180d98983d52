/** A cluster's Ingress: one balancer for all hosts. https://cloud.ibm.com/docs/containers?topic=containers-managed-ingress-about */
import type { HttpRoute } from "../balancers";
import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { PodTunnels } from "../pod-tunnels";
import type { TestCertificate } from "../../certificate";
import { child, children, text, type Values } from "../values";
import { frontDoorOf } from "./front-door";
import { texts } from "./values";

/** Seconds at latency 1 until an Ingress is served. */
const SERVE_SECONDS = 60;
const RETRY_MS = 500;

const INGRESSES = "/apis/networking.k8s.io/v1/ingresses";

/** Of one cluster, from its start to its stop. */
export class Ingresses {
  private readonly abort = new AbortController();
  private readonly tunnels: PodTunnels;
  private work: Promise<void> = Promise.resolve();
  private isDue = false;
  private hosts: readonly string[] = [];
  private own: TestCertificate | undefined;

  constructor(
    private readonly cluster: Stored,
    private readonly cloud: Cloud,
  ) {
    this.tunnels = new PodTunnels(cloud.settings.kubeconfig, cloud.kubernetes);
  }

  start(): void {
    for (const path of [INGRESSES, "/api/v1/secrets"])
      void this.cloud.kubernetes.follow(
        path,
        () => {
          this.changed();
          return Promise.resolve();
        },
        this.abort.signal,
      );
  }

  /** Events come in bursts: one run serves all that came before it. */
  private changed(): void {
    if (this.isDue || this.abort.signal.aborted) return;
    this.isDue = true;
    this.work = this.work
      .then(() => {
        this.isDue = false;
        return this.serve();
      })
      .catch((error: unknown) => {
        this.cloud.log(`Ingress: ${String(error)}`);
        // No further event need come.
        setTimeout(() => this.changed(), RETRY_MS);
      });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.work;
    for (const host of this.hosts) this.cloud.forgetHost(host);
    await this.tunnels.close();
  }

  /** Serves all that there are, as they are now. */
  private async serve(): Promise<void> {
    const { cloud } = this;
    const { address, status } = frontDoorOf(cloud, this.cluster);
    const ingresses = (await cloud.kubernetes.list(INGRESSES)).filter(
      (ingress) => child(ingress, "metadata")["deletionTimestamp"] === undefined,
    );
    const routes = (await Promise.all(ingresses.map((ingress) => this.routes(ingress)))).flat();
    const hosts = routes.flatMap(({ host }) => (host === undefined ? [] : [host]));
    for (const host of this.hosts) if (!hosts.includes(host)) cloud.forgetHost(host);
    for (const host of hosts) cloud.host(host, address);
    this.hosts = hosts;
    // nginx and Traefik alike: where there is a certificate, plain HTTP leads to HTTPS.
    await cloud.balancers.http(address, {
      routes,
      certificate: this.ownCertificate(),
      redirect: false,
    });
    const waiting = ingresses.filter(hasNoAddress);
    if (waiting.length === 0 || cloud.faults.holds("withhold-address")) return;
    await cloud.sleep(SERVE_SECONDS);
    for (const ingress of waiting) {
      const { namespace, name } = identityOf(ingress);
      const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}`;
      if ((await cloud.kubernetes.find(path)) !== undefined)
        await cloud.kubernetes.patch(`${path}/status`, {
          status: { loadBalancer: { ingress: [status] } },
        });
    }
  }

  private async routes(ingress: Values): Promise<HttpRoute[]> {
    const { namespace } = identityOf(ingress);
    const spec = child(ingress, "spec");
    const routes: HttpRoute[] = [];
    for (const rule of children(spec, "rules")) {
      const host = text(rule, "host");
      const certificate = await this.certificate(namespace, spec, host);
      const [path] = children(child(rule, "http"), "paths");
      const service = child(child(path ?? {}, "backend"), "service");
      const port = child(service, "port");
      const number = port["number"];
      routes.push({
        ...(host === "" ? {} : { host }),
        target: await this.tunnels.to(
          namespace,
          text(service, "name"),
          typeof number === "number" ? number : text(port, "name"),
        ),
        ...(certificate === undefined ? {} : { certificate, redirect: true }),
      });
    }
    return routes;
  }

  /** Of the Secret that an Ingress names for a host; undefined while there is none. */
  private async certificate(
    namespace: string,
    spec: Values,
    host: string,
  ): Promise<TestCertificate | undefined> {
    const tls = children(spec, "tls").find(
      (one) => texts(one, "hosts").length === 0 || texts(one, "hosts").includes(host),
    );
    if (tls === undefined) return undefined;
    const path = `/api/v1/namespaces/${namespace}/secrets/${text(tls, "secretName")}`;
    const data = child((await this.cloud.kubernetes.find(path)) ?? {}, "data");
    const [certificate, key] = ["tls.crt", "tls.key"].map((name) =>
      Buffer.from(text(data, name), "base64").toString(),
    );
    return certificate === undefined || key === undefined || key === ""
      ? undefined
      : { certificate, key };
  }

  /** What it shows for hosts without one of their own. */
  private ownCertificate(): TestCertificate {
    const domain = text(this.cluster.outputs, "ingressHostname");
    this.own ??= this.cloud.authority.issue([domain, `*.${domain}`]);
    return this.own;
  }
}

const hasNoAddress = (ingress: Values) =>
  children(child(child(ingress, "status"), "loadBalancer"), "ingress").length === 0;

function identityOf(ingress: Values): { namespace: string; name: string } {
  const metadata = child(ingress, "metadata");
  return { namespace: text(metadata, "namespace"), name: text(metadata, "name") };
}
