import type { types } from "@pulumi/kubernetes";
import { labels, selectorLabels, stackLabels, type ServiceIdentity } from "./labels";
import { waiverAnnotations } from "./waivers";

/** Pods of a service, pods of a namespace, or addresses. */
export type Peer =
  | { readonly service: ServiceIdentity; readonly namespace: string }
  | { readonly namespace: string }
  | { readonly cidr: string };

export interface Destination {
  /** Default: anywhere. */
  readonly to?: Peer;
  /** TCP ports of the pods there, which a Service may give other numbers. Default: all. */
  readonly ports?: readonly number[];
}

export interface NetworkPolicyArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  /** Ports that are asked for predictions. */
  readonly ports: readonly number[];
  /** For the cluster alone. Default: none. */
  readonly metricsPort?: number;
  /** Who may ask. Default: everybody: balancers, nodes and the API server's proxy have addresses that only the platform knows. */
  readonly from?: readonly Peer[];
  /** Where the pods may connect to, beside DNS. */
  readonly to: readonly Destination[];
}

/** DNS, and the port that OpenShift's pods for it have; policies look at packets after a Service's address was replaced. */
const DNS_PORTS = [53, 5353];

/** Of a namespace: pods that no other policy lets communicate don't. */
export function defaultDeny(args: {
  readonly namespace: string;
  readonly stack: string;
}): types.input.networking.v1.NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: "default-deny",
      namespace: args.namespace,
      labels: stackLabels(args.stack),
    },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  };
}

/** What a service's pods need, and what its user lets in and out. DNS may be on the node or in the cloud, so it has no address here. */
export function networkPolicy(args: NetworkPolicyArgs): types.input.networking.v1.NetworkPolicy {
  const { identity, namespace, metricsPort } = args;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: identity.service, namespace, labels: labels(identity) },
    spec: {
      podSelector: { matchLabels: selectorLabels(identity) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          ports: args.ports.map(tcp),
          ...(args.from === undefined ? {} : { from: args.from.map(selectorOf) }),
        },
        ...(metricsPort === undefined
          ? []
          : [{ ports: [tcp(metricsPort)], from: [{ namespaceSelector: {} }] }]),
      ],
      egress: [
        {
          ports: DNS_PORTS.flatMap((port) => [
            { port, protocol: "UDP" },
            { port, protocol: "TCP" },
          ]),
        },
        ...args.to.map(({ to, ports }) => ({
          ...(to === undefined ? {} : { to: [selectorOf(to)] }),
          ...(ports === undefined ? {} : { ports: ports.map(tcp) }),
        })),
      ],
    },
  };
}

/**
 * Lets the pods answer with which cert-manager proves to an issuer whose host it is; they live in the Ingress' namespace.
 * https://cert-manager.io/docs/configuration/acme/http01/
 */
export function solverPolicy(args: {
  readonly identity: ServiceIdentity;
  readonly name: string;
  readonly namespace: string;
}): types.input.networking.v1.NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: args.name,
      namespace: args.namespace,
      labels: labels(args.identity),
      annotations: waiverAnnotations([
        {
          kubeScore: "networkpolicy-targets-pod",
          reason: "cert-manager makes the pods, while it asks for a certificate",
        },
      ]),
    },
    spec: {
      podSelector: { matchLabels: { "acme.cert-manager.io/http01-solver": "true" } },
      policyTypes: ["Ingress"],
      ingress: [{ ports: [tcp(8089)] }],
    },
  };
}

const tcp = (port: number) => ({ port, protocol: "TCP" });

function selectorOf(peer: Peer): types.input.networking.v1.NetworkPolicyPeer {
  if ("cidr" in peer) return { ipBlock: { cidr: peer.cidr } };
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": peer.namespace } };
  return "service" in peer
    ? { namespaceSelector, podSelector: { matchLabels: selectorLabels(peer.service) } }
    : { namespaceSelector };
}
