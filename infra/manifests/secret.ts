import type { Output } from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import { stackLabels } from "./labels";

export interface PullSecretArgs {
  readonly name: string;
  readonly namespace: string;
  readonly stack: string;
  /** From `dockerConfigJson`. */
  readonly dockerConfigJson: Output<string> | string;
}

/** What kubelets log in to the registry with. */
export function pullSecret(args: PullSecretArgs): types.input.core.v1.Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: args.name, namespace: args.namespace, labels: stackLabels(args.stack) },
    type: "kubernetes.io/dockerconfigjson",
    stringData: { ".dockerconfigjson": args.dockerConfigJson },
  };
}

/** The content of a pull secret. */
export function dockerConfigJson(server: string, user: string, password: string): string {
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  return JSON.stringify({ auths: { [server]: { username: user, password, auth } } });
}
