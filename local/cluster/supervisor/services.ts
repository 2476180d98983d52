import type { WatchedObject } from "./api";
import type { Forward } from "./forwarders";

/** What the supervisor reads of a Service. */
export interface Service extends WatchedObject {
  readonly metadata: WatchedObject["metadata"] & {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly type?: string;
    readonly ports?: readonly ServicePort[];
    readonly loadBalancerIP?: string;
    readonly loadBalancerClass?: string;
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { ip?: string }[] } };
}

export interface ServicePort {
  readonly port: number;
  /** Default: TCP. */
  readonly protocol?: string;
  /** Default: the Service has none. */
  readonly nodePort?: number;
}

/** Ports that a TCP connection can be passed on to. */
export function forwardable({ spec }: Service): { port: number; nodePort: number }[] {
  return (spec.ports ?? []).flatMap(({ port, nodePort, protocol = "TCP" }) =>
    nodePort === undefined || protocol !== "TCP" ? [] : [{ port, nodePort }],
  );
}

/** A NodePort answers on 127.0.0.1 for as long as it exists. */
export function nodePortForwards(service: Service): Forward[] {
  return forwardable(service).map(({ nodePort }) => ({
    at: { host: "127.0.0.1", port: nodePort },
    nodePort,
  }));
}
