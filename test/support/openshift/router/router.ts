import * as fs from "node:fs";
import { type Api, type Followed, Reconciler } from "../api";
import {
  type EndpointSlice,
  keyOf,
  type Route,
  type RouteCondition,
  type RouteIngress,
} from "../kinds";
import { judge, type Verdict } from "./claims";
import { configure, type RoutedHost, type RouterPlace } from "./configuration";
import { backendName, endpointsOf, freshSlots, reassign, type Slots } from "./endpoints";
import type { Haproxy } from "./haproxy";

/** Of an IngressController nobody named otherwise. */
const ROUTER = "default";

export interface RouterOptions extends RouterPlace {
  /** Hosts below it lead to the router, as a wildcard in DNS would have them. */
  readonly domain: string;
  /** A file in the form of /etc/hosts. */
  readonly hosts: string;
}

/**
 * Routes traffic from outside to Services, by host.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/networking_overview/networking-routes
 */
export class Router {
  private readonly routes: Followed<Route>;
  private readonly slices: Followed<EndpointSlice>;
  private readonly reconciler: Reconciler;
  private readonly named = new Set<string>();
  /** Of what HAProxy has loaded: its hosts without their servers, and these. */
  private loaded = "";
  private slots = new Map<string, Slots>();
  /** Called after each time; the first one counts. */
  private loadedFirst: (failure?: Error) => void = () => undefined;
  /** Resolves when it listens; rejects where it can't. */
  readonly listening = new Promise<void>((resolve, reject) => {
    this.loadedFirst = (failure) => {
      if (failure === undefined) resolve();
      else reject(failure);
    };
  });

  constructor(
    private readonly api: Api,
    private readonly haproxy: Haproxy,
    private readonly options: RouterOptions,
    log: (line: string) => void,
  ) {
    this.reconciler = new Reconciler("router", () => this.reconcile(), log);
    this.routes = api.follow("/apis/route.openshift.io/v1/routes");
    this.slices = api.follow("/apis/discovery.k8s.io/v1/endpointslices");
    for (const followed of [this.routes, this.slices])
      followed.onChange(() => this.reconciler.request());
  }

  async stop(): Promise<void> {
    await this.reconciler.stop();
    await this.haproxy.stop();
  }

  private async reconcile(): Promise<void> {
    await Promise.all([this.routes.synced, this.slices.synced]);
    const routes = this.routes
      .values()
      .filter(({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.host !== "");
    const verdicts = judge(routes);
    const admitted = routes.filter((route) => verdicts.get(keyOf(route))?.admitted === true);
    for (const { spec } of admitted) this.nameHost(spec.host ?? "");
    await Promise.all(
      routes.map((route) => this.tell(route, verdicts.get(keyOf(route)) ?? { admitted: true })),
    );
    try {
      await this.route(admitted);
      this.loadedFirst();
    } catch (error) {
      this.loadedFirst(error as Error);
      throw error;
    }
  }

  /** Other pods of the same hosts are told to the running HAProxy; other hosts are loaded. */
  private async route(routes: readonly Route[]): Promise<void> {
    const slices = this.slices.values();
    const ordered = [...routes].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const structure = JSON.stringify(ordered.map((route) => [keyOf(route), route.spec]));
    const next = ordered.map((route) => {
      const wanted = endpointsOf(route, slices);
      const kept = reassign(this.slots.get(keyOf(route)) ?? [], wanted);
      return { route, wanted, kept };
    });
    const fits = structure === this.loaded && next.every(({ kept }) => kept !== undefined);
    const hosts = next.map(({ route, wanted, kept }): RoutedHost => ({
      route,
      slots: fits && kept !== undefined ? kept.slots : freshSlots(wanted),
    }));
    const files = configure(this.options, hosts);
    if (fits) {
      for (const { route, kept } of next)
        await this.haproxy.setServers(backendName(route), kept?.changes ?? []);
      this.haproxy.write(files);
    } else {
      // Whatever comes of it, the next time is a load again.
      this.loaded = "?";
      await this.haproxy.load(files);
      this.loaded = structure;
    }
    this.slots = new Map(hosts.map(({ route, slots }) => [keyOf(route), slots]));
  }

  private nameHost(host: string): void {
    const { domain, address, hosts } = this.options;
    if (!host.endsWith(`.${domain}`) || this.named.has(host)) return;
    this.named.add(host);
    fs.appendFileSync(hosts, `${address} ${host}\n`);
  }

  private async tell(route: Route, verdict: Verdict): Promise<void> {
    const ingress = ingressOf(route, verdict, this.options.domain);
    if (ingress === undefined) return;
    const { name, namespace = "" } = route.metadata;
    await this.api.apply(
      `/apis/route.openshift.io/v1/namespaces/${namespace}/routes/${name}/status`,
      {
        apiVersion: "route.openshift.io/v1",
        kind: "Route",
        metadata: { name, namespace },
        status: { ingress: [ingress] },
      },
    );
  }
}

/** @returns undefined where the status says so already */
export function ingressOf(
  route: Route,
  verdict: Verdict,
  domain: string,
): RouteIngress | undefined {
  const host = route.spec.host ?? "";
  const condition: RouteCondition = verdict.admitted
    ? { type: "Admitted", status: "True" }
    : { type: "Admitted", status: "False", reason: verdict.reason, message: verdict.message };
  const told = route.status?.ingress?.find(({ routerName }) => routerName === ROUTER);
  const before = told?.conditions[0];
  if (
    told?.host === host &&
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message
  )
    return undefined;
  return {
    host,
    routerName: ROUTER,
    routerCanonicalHostname: `router-${ROUTER}.${domain}`,
    wildcardPolicy: "None",
    conditions: [{ ...condition, lastTransitionTime: now() }],
  };
}

/** Kubernetes' times have no fractions of seconds. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, "Z");
