import type { NetworkConfig } from "./config/service-pods";
import type { Destination, Peer } from "./manifests/network-policy";
import { TRACING_VARIABLES } from "./server-environment";

/** A service of the stack, as policies and addresses name it. */
export interface ServicePlace {
  readonly name: string;
  readonly namespace: string;
}

export interface NetworkRulesArgs {
  readonly stack: string;
  readonly config: NetworkConfig;
  /** Of the container; it names services, and the collector of traces. */
  readonly env: Readonly<Record<string, string>>;
  /** The stack's other services. */
  readonly others: readonly ServicePlace[];
}

export interface NetworkRules {
  /** Undefined: everybody. */
  readonly from?: readonly Peer[];
  readonly to: readonly Destination[];
}

type ConfiguredPeer = Pick<NetworkConfig["allowTo"][number], "service" | "namespace" | "cidr">;

/** Who may connect to a service's pods and where these may: what config says, and what its environment names. */
export function networkRules(args: NetworkRulesArgs): NetworkRules {
  const { config, env, others, stack } = args;
  const collector = TRACING_VARIABLES.map((name) => env[name]).find(
    (url) => url !== undefined && url !== "",
  );
  const named = others.filter((place) =>
    Object.values(env).some((value) => namesService(value, place)),
  );
  const peerOf = (peer: ConfiguredPeer) => peersOf(peer, others, stack);
  return {
    ...(config.allowFrom === undefined ? {} : { from: config.allowFrom.flatMap(peerOf) }),
    to: [
      ...named.map((place) => ({ to: servicePeer(place, stack) })),
      ...(collector === undefined || !URL.canParse(collector)
        ? []
        : [{ ports: [portOf(collector)] }]),
      ...config.allowTo.flatMap((peer) =>
        peerOf(peer).map((to) => ({
          to,
          ...(peer.ports === undefined ? {} : { ports: peer.ports }),
        })),
      ),
    ],
  };
}

function peersOf(peer: ConfiguredPeer, others: readonly ServicePlace[], stack: string): Peer[] {
  const { service, namespace, cidr } = peer;
  if (cidr !== undefined) return [{ cidr }];
  if (namespace !== undefined) return [{ namespace }];
  return others.filter(({ name }) => name === service).map((place) => servicePeer(place, stack));
}

const servicePeer = ({ name, namespace }: ServicePlace, stack: string): Peer => ({
  service: { stack, service: name },
  namespace,
});

/** `http://server/v1`, `grpc://server.mlapi:8081` or `server:8501`, as the cluster's DNS knows it. */
function namesService(value: string, { name, namespace }: ServicePlace): boolean {
  // Hundreds of services ask this of each other.
  if (!value.includes(name)) return false;
  const host = `${name}(?:\\.${namespace}(?:\\.svc(?:\\.cluster\\.local)?)?)?`;
  return new RegExp(`://${host}(?![\\w.-])|^${host}:\\d+$`).test(value);
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
