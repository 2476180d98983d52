import type { types } from "@pulumi/kubernetes";
import type { Exposure } from "../config-schema";
import { labels, selectorLabels, type ServiceIdentity } from "./labels";

/** Port of every Service, whatever the container listens on. */
export const SERVICE_PORT = 80;

/** Name of the port in Service and container. */
export const PORT_NAME = "http";

export interface ServiceArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly exposure: Exposure;
}

export function service(args: ServiceArgs): types.input.core.v1.Service {
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
      ports: [{ name: PORT_NAME, port: SERVICE_PORT, targetPort: PORT_NAME, protocol: "TCP" }],
    },
  };
}
