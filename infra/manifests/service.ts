import type { types } from "@pulumi/kubernetes";
import type { Exposure } from "../config-schema";
import { labels, selectorLabels, type ServiceIdentity } from "./labels";

/** Port of every Service, whatever the container listens on. */
export const SERVICE_PORT = 80;

/** Name of the port in Service and container. */
export const PORT_NAME = "http";

/** Name of the built-in server's gRPC port; it has the same number in Service and container. */
export const GRPC_PORT_NAME = "grpc";

export interface ServiceArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly exposure: Exposure;
  /** Default: none. */
  readonly grpcPort?: number;
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
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      type: args.exposure,
      selector: selectorLabels(args.identity),
      ports: args.grpcPort === undefined ? [http] : [http, { ...grpc, port: args.grpcPort }],
    },
  };
}
