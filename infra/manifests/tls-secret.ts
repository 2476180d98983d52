import type { types } from "@pulumi/kubernetes";
import type { Output } from "@pulumi/pulumi";
import { labels, type ServiceIdentity } from "./labels";

export interface TlsSecretArgs {
  readonly identity: ServiceIdentity;
  readonly name: string;
  readonly namespace: string;
  /** PEM, with its chain. */
  readonly certificate: string;
  /** PEM. */
  readonly key: Output<string> | string;
}

/** What an Ingress controller serves a host with. */
export function tlsSecret(args: TlsSecretArgs): types.input.core.v1.Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: args.name, namespace: args.namespace, labels: labels(args.identity) },
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": args.certificate, "tls.key": args.key },
  };
}
