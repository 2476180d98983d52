import type { types } from "@pulumi/kubernetes";
import { labels, type ServiceIdentity } from "./labels";

export interface ServiceAccountArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
}

/** An identity of the service's own, without a token: the server never calls the API. */
export function serviceAccount(args: ServiceAccountArgs): types.input.core.v1.ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      name: args.identity.service,
      namespace: args.namespace,
      labels: labels(args.identity),
    },
    automountServiceAccountToken: false,
  };
}
