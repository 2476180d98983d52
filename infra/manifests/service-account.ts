import type { types } from "@pulumi/kubernetes";
import { labels, type ServiceIdentity } from "./labels";

export interface ServiceAccountArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  /** Whether its pods pull from an OpenShift's own registry. Default: false. */
  readonly pullsBuilt?: boolean;
}

/** OpenShift gives an account its login within seconds. */
const LOGIN_SECONDS = "120";

/** An identity of the service's own, without a token: the server never calls the API. */
export function serviceAccount(args: ServiceAccountArgs): types.input.core.v1.ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      name: args.identity.service,
      namespace: args.namespace,
      labels: labels(args.identity),
      ...(args.pullsBuilt === true
        ? {
            annotations: {
              // A pod takes over its account's login when it is made, and never later.
              "pulumi.com/waitFor": "jsonpath={.imagePullSecrets[0].name}",
              "pulumi.com/timeoutSeconds": LOGIN_SECONDS,
            },
          }
        : {}),
    },
    automountServiceAccountToken: false,
  };
}
