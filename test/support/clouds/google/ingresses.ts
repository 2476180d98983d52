/** Ingresses of class gce: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/ingress */
import type { TestCertificate } from "../../certificate";
import type { HttpBalancer } from "../balancers";
import type { Cloud } from "../cloud";
import { warn } from "../events";
import { PodTunnels, type BackendPort } from "../pod-tunnels";
import { child, children, same, text, type Values } from "../values";
import type { Controller } from "./control-plane";
import { recordIngress, recordsOf } from "./ingress-records";
import { RECORDS, TOKENS } from "./names";

const FINALIZER = "networking.gke.io/ingress-finalizer-V2";
const CREATE_SECONDS = 30;
const DELETE_SECONDS = 15;

/** A managed certificate takes up to an hour; here as long as twenty Services. */
const CERTIFICATE_SECONDS = 60;

interface Route {
  readonly host: string;
  readonly service: string;
  readonly port: BackendPort;
}

/** What is wanted of a balancer; it is made anew when that changes. */
interface Wanted {
  readonly routes: readonly Route[];
  readonly certificate: TestCertificate | undefined;
  readonly redirect: boolean;
}

interface Balancer {
  readonly address: string;
  readonly wanted: Wanted;
}

export class Ingresses implements Controller {
  /** By the Ingress' UID. */
  private readonly balancers = new Map<string, Balancer>();
  private readonly busy = new Set<string>();
  /** Certificates that Google manages, by their object's UID; undefined while one is on its way. */
  private readonly certificates = new Map<string, TestCertificate | undefined>();
  private readonly tunnels: PodTunnels;

  constructor(
    private readonly cloud: Cloud,
    private readonly cluster: Values,
  ) {
    this.tunnels = new PodTunnels(cloud.settings.kubeconfig, cloud.kubernetes);
  }

  async reconcile(): Promise<void> {
    const ingresses = await this.ingresses();
    for (const ingress of ingresses) this.start(ingress);
    const uids = new Set(ingresses.map((one) => text(child(one, "metadata"), "uid")));
    for (const uid of this.balancers.keys()) if (!uids.has(uid)) await this.remove(uid);
  }

  async abandon(): Promise<void> {
    for (const ingress of await this.ingresses()) await this.letGo(ingress);
    for (const { address } of this.balancers.values()) await this.cloud.balancers.close(address);
    await this.tunnels.close();
  }

  /** GKE reads the class from the annotation only; none at all is its own too. */
  private async ingresses(): Promise<Values[]> {
    const all = await this.cloud.kubernetes.list("/apis/networking.k8s.io/v1/ingresses");
    return all.filter((ingress) => {
      const own = annotation(ingress, "kubernetes.io/ingress.class");
      return (
        own === "gce" || (own === "" && child(ingress, "spec")["ingressClassName"] === undefined)
      );
    });
  }

  private start(ingress: Values): void {
    const uid = text(child(ingress, "metadata"), "uid");
    if (this.busy.has(uid)) return;
    this.busy.add(uid);
    void this.settle(ingress, uid)
      .catch((error: unknown) => this.refuse(ingress, String(error)))
      .finally(() => this.busy.delete(uid));
  }

  private async settle(ingress: Values, uid: string): Promise<void> {
    const metadata = child(ingress, "metadata");
    if (text(metadata, "deletionTimestamp") !== "") {
      await this.remove(uid);
      await this.letGo(ingress);
      return;
    }
    const wanted = await this.wanted(ingress);
    const existing = this.balancers.get(uid);
    if (existing !== undefined && same(existing.wanted, wanted)) return;
    if (!finalizersOf(ingress).includes(FINALIZER))
      await this.patch(ingress, {
        metadata: { finalizers: [...finalizersOf(ingress), FINALIZER] },
      });
    const address = existing?.address ?? (await this.addressFor(ingress, uid));
    if (address === undefined) return;
    const managed = await this.managedCertificate(ingress);
    const domains = managed === undefined ? undefined : child(managed, "spec")["domains"];
    recordIngress(this.cloud, this.cluster, {
      namespace: text(metadata, "namespace"),
      name: text(metadata, "name"),
      uid,
      address,
      services: [...new Set(wanted.routes.map(({ service }) => service))],
      tls: wanted.certificate !== undefined || managed !== undefined,
      ...(Array.isArray(domains) ? { managed: domains.map(String) } : {}),
      redirect: wanted.redirect,
    });
    if (existing === undefined) await this.cloud.sleep(CREATE_SECONDS);
    await this.cloud.balancers.http(
      address,
      await this.balancer(text(metadata, "namespace"), wanted),
    );
    this.balancers.set(uid, { address, wanted });
    await this.patch(
      ingress,
      { status: { loadBalancer: { ingress: [{ ip: address }] } } },
      "/status",
    );
  }

  private async wanted(ingress: Values): Promise<Wanted> {
    const frontend = annotation(ingress, "networking.gke.io/v1beta1.FrontendConfig");
    const config =
      frontend === ""
        ? undefined
        : await this.cloud.kubernetes.find(
            `/apis/networking.gke.io/v1beta1/namespaces/${namespaceOf(ingress)}/frontendconfigs/${frontend}`,
          );
    const redirect = child(child(config ?? {}, "spec"), "redirectToHttps");
    return {
      routes: routesOf(ingress),
      certificate: (await this.given(ingress)) ?? (await this.managed(ingress)),
      redirect: redirect["enabled"] === true,
    };
  }

  private async balancer(
    namespace: string,
    { routes, certificate, redirect }: Wanted,
  ): Promise<HttpBalancer> {
    const targets = await Promise.all(
      routes.map(async ({ host, service, port }) => ({
        ...(host === "" ? {} : { host }),
        target: await this.tunnels.to(namespace, service, port),
      })),
    );
    return {
      routes: targets,
      redirect,
      ...(certificate === undefined ? {} : { certificate }),
    };
  }

  /** Of the Secret that the Ingress names. */
  private async given(ingress: Values): Promise<TestCertificate | undefined> {
    const [tls] = children(child(ingress, "spec"), "tls");
    if (tls === undefined) return undefined;
    const secret = await this.cloud.kubernetes.find(
      `/api/v1/namespaces/${namespaceOf(ingress)}/secrets/${text(tls, "secretName")}`,
    );
    const data = child(secret ?? {}, "data");
    const pem = (key: string) => Buffer.from(text(data, key), "base64").toString();
    return secret === undefined ? undefined : { certificate: pem("tls.crt"), key: pem("tls.key") };
  }

  /** Given once the domains lead to the Ingress. @returns undefined until then */
  private async managed(ingress: Values): Promise<TestCertificate | undefined> {
    const object = await this.managedCertificate(ingress);
    if (object === undefined) return undefined;
    const uid = text(child(object, "metadata"), "uid");
    if (this.certificates.has(uid)) return this.certificates.get(uid);
    const domains = child(object, "spec")["domains"];
    const names = Array.isArray(domains) ? domains.map(String) : [];
    const address = await this.addressFor(ingress, text(child(ingress, "metadata"), "uid"));
    const lead = names.every((name) => address !== undefined && this.leads(name, address));
    await this.status(object, names, lead ? "Provisioning" : "FailedNotVisible");
    if (!lead) return undefined;
    this.certificates.set(uid, undefined);
    this.cloud.later(CERTIFICATE_SECONDS, async () => {
      this.certificates.set(uid, this.cloud.authority.issue(names));
      await this.status(object, names, "Active");
    });
    return undefined;
  }

  /** Whether DNS has a name at an address. */
  private leads(name: string, address: string): boolean {
    return this.cloud.store
      .list(TOKENS.recordSet)
      .some(
        ({ inputs: { name: own, rrdatas } }) =>
          own === `${name}.` && Array.isArray(rrdatas) && rrdatas.includes(address),
      );
  }

  private async managedCertificate(ingress: Values): Promise<Values | undefined> {
    const name = annotation(ingress, "networking.gke.io/managed-certificates");
    if (name === "") return undefined;
    return this.cloud.kubernetes.find(
      `/apis/networking.gke.io/v1/namespaces/${namespaceOf(ingress)}/managedcertificates/${name}`,
    );
  }

  /** https://docs.cloud.google.com/kubernetes-engine/docs/how-to/managed-certs#status */
  private async status(object: Values, names: readonly string[], status: string): Promise<void> {
    const { namespace, name } = child(object, "metadata");
    await this.cloud.kubernetes.patch(
      `/apis/networking.gke.io/v1/namespaces/${String(namespace)}/managedcertificates/${String(name)}`,
      {
        status: {
          certificateStatus: status === "FailedNotVisible" ? "Provisioning" : status,
          domainStatus: names.map((domain) => ({ domain, status })),
        },
      },
    );
  }

  /** The reserved one that is named, else any. */
  private async addressFor(ingress: Values, uid: string): Promise<string | undefined> {
    const { cloud } = this;
    if (cloud.faults.value("withhold-address") !== undefined) {
      await this.refuse(ingress, "Quota 'FORWARDING_RULES' exceeded.");
      return undefined;
    }
    const own = recordsOf(cloud, uid).find(({ kind }) => kind === RECORDS.forwardingRule);
    if (own !== undefined) return text(own.outputs, "IPAddress");
    const name = annotation(ingress, "kubernetes.io/ingress.global-static-ip-name");
    if (name === "") return cloud.address();
    const id = `projects/${text(this.cluster, "project")}/global/addresses/${name}`;
    const reserved = cloud.store.find(TOKENS.globalAddress, id);
    if (reserved !== undefined) return text(reserved.outputs, "address");
    await this.refuse(
      ingress,
      `the given static IP name ${name} doesn't translate to an existing static IP.`,
    );
    return undefined;
  }

  private refuse(ingress: Values, why: string): Promise<void> {
    return warn(
      this.cloud.kubernetes,
      { apiVersion: "networking.k8s.io/v1", kind: "Ingress", ...ingress },
      {
        reason: "Sync",
        message: `Error syncing to GCP: error running load balancer syncing routine: ${why}`,
        component: "loadbalancer-controller",
      },
    );
  }

  private async remove(uid: string): Promise<void> {
    const { cloud } = this;
    const records = recordsOf(cloud, uid);
    const rule = records.find(({ kind }) => kind === RECORDS.forwardingRule);
    const address = this.balancers.get(uid)?.address ?? text(rule?.outputs ?? {}, "IPAddress");
    if (address !== "") await cloud.balancers.close(address);
    this.balancers.delete(uid);
    if (records.length === 0) return;
    await cloud.sleep(DELETE_SECONDS);
    for (const record of records) cloud.store.remove(record);
  }

  private async letGo(ingress: Values): Promise<void> {
    const own = finalizersOf(ingress);
    if (own.includes(FINALIZER))
      await this.patch(ingress, {
        metadata: { finalizers: own.filter((one) => one !== FINALIZER) },
      });
  }

  private async patch(ingress: Values, patch: Values, part = ""): Promise<void> {
    const name = text(child(ingress, "metadata"), "name");
    await this.cloud.kubernetes.patch(
      `/apis/networking.k8s.io/v1/namespaces/${namespaceOf(ingress)}/ingresses/${name}${part}`,
      patch,
    );
  }
}

const annotation = (object: Values, key: string) =>
  text(child(child(object, "metadata"), "annotations"), key);

const namespaceOf = (object: Values) => text(child(object, "metadata"), "namespace");

function finalizersOf(ingress: Values): string[] {
  const { finalizers } = child(ingress, "metadata");
  return Array.isArray(finalizers) ? finalizers.map(String) : [];
}

function routesOf(ingress: Values): Route[] {
  return children(child(ingress, "spec"), "rules").flatMap((rule) =>
    children(child(rule, "http"), "paths").map((path) => {
      const service = child(child(path, "backend"), "service");
      const port = child(service, "port");
      return {
        host: text(rule, "host"),
        service: text(service, "name"),
        port: text(port, "name") || Number(port["number"]),
      };
    }),
  );
}
