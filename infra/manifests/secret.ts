import type { Output } from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import { labels, stackLabels, type ServiceIdentity } from "./labels";

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

/** The content of a pull secret: one login, for each of the hosts. */
export function dockerConfigJson(
  servers: string | readonly string[],
  user: string,
  password: string,
): string {
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  const login = { username: user, password, auth };
  return JSON.stringify({
    auths: Object.fromEntries([servers].flat().map((server) => [server, login])),
  });
}

/** Key of a service's API keys in their Secret, hence their file's name. */
export const API_KEYS_KEY = "keys";

export interface ApiKeysSecretArgs {
  readonly identity: ServiceIdentity;
  readonly name: string;
  readonly namespace: string;
  /** Names and hashes, as the server reads them. */
  readonly file: Output<string> | string;
}

/** Who may ask a service for predictions. */
export function apiKeysSecret(args: ApiKeysSecretArgs): types.input.core.v1.Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: args.name, namespace: args.namespace, labels: labels(args.identity) },
    type: "Opaque",
    stringData: { [API_KEYS_KEY]: args.file },
  };
}

export interface UserSecretArgs {
  readonly identity: ServiceIdentity;
  readonly name: string;
  readonly namespace: string;
  readonly values: Output<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
}

/** What the user's container is to know and nobody else. */
export function userSecret(args: UserSecretArgs): types.input.core.v1.Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: args.name, namespace: args.namespace, labels: labels(args.identity) },
    type: "Opaque",
    stringData: args.values,
  };
}
