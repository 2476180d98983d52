import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { labels, selectorLabels, type ServiceIdentity } from "./labels";
import { waiverAnnotations } from "./waivers";

/** Port of every Service, whatever the container listens on. */
export const SERVICE_PORT = 80;

/** Name of the port in Service and container. */
export const PORT_NAME = "http";

/** Name of the built-in server's gRPC port; it has the same number in Service and container. */
export const GRPC_PORT_NAME = "grpc";

/** Type of the Service by exposure: Route and Ingress stand before one that only the cluster reaches. */
const TYPES = {
  LoadBalancer: "LoadBalancer",
  NodePort: "NodePort",
  Route: "ClusterIP",
  Ingress: "ClusterIP",
  ClusterIP: "ClusterIP",
} as const;

const NODE_PORT = { kubeScore: "service-type", reason: "the stack's exposure is NodePort" };

export interface ServiceArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly exposure: keyof typeof TYPES;
  /** Default: none. */
  readonly grpcPort?: number;
  /** What the platform wants of its balancer. Default: none. */
  readonly annotations?: Readonly<Record<string, Input<string>>>;
  /** Address that was reserved for a load balancer. Default: the platform's choice. */
  readonly loadBalancerIp?: Input<string>;
}

/** HTTP first, gRPC where there is one; metrics are for the cluster alone, at the pods. */
export function service(args: ServiceArgs): types.input.core.v1.Service {
  const http = { name: PORT_NAME, port: SERVICE_PORT, targetPort: PORT_NAME, protocol: "TCP" };
  const grpc = { ...http, name: GRPC_PORT_NAME, targetPort: GRPC_PORT_NAME };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: args.identity.service,
      namespace: args.namespace,
      labels: labels(args.identity),
      // Pulumi would wait ten seconds for endpoints to settle; the Deployment is awaited, and a prediction through this Service proves it.
      annotations: {
        "pulumi.com/skipAwait": "true",
        ...(args.exposure === "NodePort" ? waiverAnnotations([NODE_PORT]) : {}),
        ...args.annotations,
      },
    },
    spec: {
      type: TYPES[args.exposure],
      selector: selectorLabels(args.identity),
      ports: args.grpcPort === undefined ? [http] : [http, { ...grpc, port: args.grpcPort }],
      ...(args.loadBalancerIp === undefined ? {} : { loadBalancerIP: args.loadBalancerIp }),
    },
  };
}
