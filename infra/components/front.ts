import * as pulumi from "@pulumi/pulumi";
import { Service } from "@pulumi/kubernetes/core/v1";
import type { Deployment } from "@pulumi/kubernetes/apps/v1";
import type { Exposure } from "../config/service";
import type { ServiceIdentity } from "../manifests/labels";
import { PORT_NAME, service } from "../manifests/service";
import type { Cluster, Front } from "../targets/target";
import { ADDRESS_LIMITS, awaitAddress, type AwaitAddressArgs, type GivenAddress } from "./address";
import { registerEntry, type EntryOptions, type FrontTls } from "./entry";
import {
  insideAddress,
  LIMITS,
  prove,
  urlOf,
  type Address,
  type Candidate,
  type Limits,
} from "./exposure";
import type { ServiceNamespace } from "./service-namespace";
import type { Proof } from "./smoke";

export interface FrontArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: ServiceNamespace;
  readonly cluster: Cluster;
  readonly exposure: Exposure;
  /** Default: for everybody, under the platform's own name, without TLS. */
  readonly front?: FrontSettings;
  /** The target's capability. */
  readonly nodePortsReachable: boolean;
  /** The container's. */
  readonly port: number;
  readonly health: { readonly live: string; readonly ready: string };
  /** Of the built-in server. Default: none. */
  readonly grpcPort?: number;
  /** The prediction that must succeed before an address is told. */
  readonly proof: Proof;
  /** Patience of the proof. Default: a minute for silence. */
  readonly limits?: Limits;
}

/** How a service is to be reached, beside its exposure. */
export interface FrontSettings {
  /** From the cluster's own network alone. */
  readonly internal: boolean;
  /** Of an Ingress or a Route. Default: the platform's own name for the service. */
  readonly host?: string;
  /** Of an Ingress or a Route. Default: plain HTTP. */
  readonly tls?: FrontTls;
  /** Patience until there is an address, and until that answers. Default: the platform's. */
  readonly addressSeconds?: number;
}

/** What stands in front of a service's pods. */
export interface RegisteredFront {
  readonly service: Service;
  readonly platform: Front;
  /** The Ingress or Route before the Service. */
  readonly entry?: pulumi.CustomResource;
}

const PLAIN: FrontSettings = { internal: false };

/** What an output resolves to in a preview that can't tell its value; Pulumi's own marker, which fits any type. */
const UNKNOWN = pulumi.unknown as unknown as Address;

/** Registers what the platform wants, the Service, and the Ingress or Route before it. */
export function registerFront(name: string, args: FrontArgs, own: EntryOptions): RegisteredFront {
  const { identity, exposure, front: settings = PLAIN } = args;
  const { internal, host, tls } = settings;
  const namespace = args.namespace.name;
  const platform: Front = args.cluster.front?.({
    ...identity,
    namespace,
    exposure,
    internal,
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined ? {} : { tls: tls.kind }),
    health: { path: args.health.ready, port: args.port },
    parent: own.parent,
    dependsOn: own.dependsOn,
  }) ?? { reachableFrom: exposure === "ClusterIP" ? "cluster" : "internet" };
  const { serviceAnnotations: annotations, loadBalancerIp, dependsOn = [] } = platform;
  const behind = { ...own, dependsOn: [...own.dependsOn, ...dependsOn] };
  const manifest = service({
    identity,
    namespace,
    exposure,
    ...(args.grpcPort === undefined ? {} : { grpcPort: args.grpcPort }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(loadBalancerIp === undefined ? {} : { loadBalancerIp }),
  });
  const registered = {
    service: new Service(
      name,
      manifest,
      exposure === "LoadBalancer" ? { ...behind, ...remade(annotations) } : behind,
    ),
    platform,
  };
  if (exposure !== "Ingress" && exposure !== "Route") return registered;
  const entry = registerEntry(
    name,
    {
      identity,
      namespace,
      kind: exposure,
      ...(host === undefined ? {} : { host }),
      ...(tls === undefined ? {} : { tls }),
      platform: platform.ingress ?? {},
    },
    behind,
  );
  return { ...registered, entry };
}

/** Whether a balancer is private, and of which kind, is settled as it is made: platforms document no way to change it. */
const remade = (annotations: Front["serviceAnnotations"] = {}) => ({
  replaceOnChanges: Object.keys(annotations).map((key) => `metadata.annotations["${key}"]`),
  deleteBeforeReplace: true,
});

/** The proven address: asked after Deployment and front are ready, on every update; never in a preview. */
export function addressOf(
  args: FrontArgs,
  { service: backend, platform, entry }: RegisteredFront,
  pods: Deployment,
): pulumi.Output<Address> {
  const { cluster, exposure, identity } = args;
  const seconds = args.front?.addressSeconds ?? platform.patienceSeconds;
  const limits = limitsOf(seconds, args.limits);
  return pulumi
    .all([
      backend.spec.ports,
      exposure === "NodePort" ? cluster.nodeAddresses() : pulumi.output<readonly never[]>([]),
      pulumi.unsecret(cluster.kubeconfig),
      pulumi.all([platform.loadBalancerIp, platform.ingress?.host, platform.ingress?.address]),
      pulumi.all([pods.id, backend.id, entry?.id]),
    ])
    .apply(async ([ports, nodes, kubeconfig, [reserved, platformHost, platformAddress]]) => {
      const known = { reserved, platformHost, platformAddress };
      const place = { ...identity, namespace: args.namespace.name };
      const nodePort = ports.find((port) => port.name === PORT_NAME)?.nodePort;
      const atNodes = nodes.map(({ host, reachableFrom }) => ({
        url: urlOf("http", host, nodePort),
        reachableFrom,
        answersHere: args.nodePortsReachable,
      }));
      if (pulumi.runtime.isDryRun()) {
        if (exposure === "ClusterIP") return insideAddress(place);
        const [expected] =
          exposure === "NodePort"
            ? atNodes.filter(() => nodePort !== undefined)
            : [candidateOf(args, platform, known)];
        return expected === undefined ? UNKNOWN : addressIn(expected);
      }
      const asked = { ...place, kubeconfig, context: cluster.context };
      const candidates =
        exposure === "NodePort" || exposure === "ClusterIP"
          ? atNodes
          : [
              candidateOf(
                args,
                platform,
                known,
                await given(exposure, { ...asked, reserved }, limits, backend),
              ),
            ];
      const proven = await prove({
        ...asked,
        exposure,
        proof: args.proof,
        candidates: candidates.filter((candidate) => candidate !== undefined),
        limits,
      });
      if (proven.note !== undefined)
        void pulumi.log.warn(`service ${identity.service}: ${proven.note}`, backend);
      return addressIn(proven);
    });
}

/** The kind whose status tells the address. */
const ENTRIES = { LoadBalancer: "Service", Ingress: "Ingress", Route: "Route" } as const;

const given = (
  exposure: keyof typeof ENTRIES,
  asked: Omit<AwaitAddressArgs, "kind" | "onWait" | "limits">,
  { address }: Limits,
  backend: Service,
) =>
  awaitAddress({
    ...asked,
    kind: ENTRIES[exposure],
    ...(address === undefined ? {} : { limits: address }),
    onWait: (text) => void pulumi.log.info(text, backend, undefined, true),
  });

/** A platform that is quick need not be waited for as long as a cloud. */
function limitsOf(seconds: number | undefined, limits: Limits = LIMITS): Limits {
  if (seconds === undefined) return limits;
  const totalMs = seconds * 1000;
  const { address = ADDRESS_LIMITS } = limits;
  return { ...limits, balancerMs: totalMs, address: { ...address, totalMs } };
}

const addressIn = ({ url, reachableFrom }: Address): Address => ({ url, reachableFrom });

interface Known {
  readonly reserved: string | undefined;
  readonly platformHost: string | undefined;
  readonly platformAddress: string | undefined;
}

/** Where a balancer or router answers, by config, platform and status, in this order; undefined where nobody knows yet. */
function candidateOf(
  { exposure, front: { host: own, tls } = PLAIN }: FrontArgs,
  { reachableFrom, answersHere, ingress }: Front,
  { reserved, platformHost, platformAddress }: Known,
  status?: GivenAddress,
): Candidate | undefined {
  // A balancer has the address that it was given, whatever was reserved.
  const host =
    exposure === "LoadBalancer"
      ? (status?.host ?? reserved)
      : (own ?? platformHost ?? status?.host);
  if (host === undefined) return undefined;
  const address = platformAddress ?? status?.address ?? status?.host;
  return {
    url: urlOf(tls === undefined ? "http" : "https", host),
    reachableFrom,
    answersHere: answersHere ?? (reachableFrom === "internet" || reachableFrom === "machine"),
    ...(address === undefined || address === host ? {} : { address }),
    dns: ingress?.dns ?? own === undefined,
    ...(tls === undefined ? {} : { certificate: certificateOf(tls, exposure) }),
  };
}

function certificateOf(tls: FrontTls, exposure: Exposure): NonNullable<Candidate["certificate"]> {
  if (tls.kind === "given") return { pem: tls.certificate };
  return exposure === "Route" ? "router" : "managed";
}
