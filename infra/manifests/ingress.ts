import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { labels, type ServiceIdentity } from "./labels";
import { PORT_NAME } from "./service";

export interface IngressArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  /** Default: the cluster's default class. */
  readonly className?: string;
  readonly annotations?: Readonly<Record<string, Input<string>>>;
  /** Default: any host. */
  readonly host?: Input<string>;
  /** Secret with certificate and key. Default: no TLS, or what annotations say of it. */
  readonly tlsSecret?: Input<string>;
}

/** Everything below `/` goes to the service's own Service. */
export function ingress(args: IngressArgs): types.input.networking.v1.Ingress {
  const { service } = args.identity;
  const backend = { service: { name: service, port: { name: PORT_NAME } } };
  const http = { paths: [{ path: "/", pathType: "Prefix", backend }] };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: service,
      namespace: args.namespace,
      labels: labels(args.identity),
      annotations: {
        // Pulumi would wait without telling the controller's own words; components/address.ts waits.
        "pulumi.com/skipAwait": "true",
        ...args.annotations,
      },
    },
    spec: {
      ...(args.className === undefined ? {} : { ingressClassName: args.className }),
      ...(args.tlsSecret === undefined
        ? {}
        : {
            tls: [
              {
                ...(args.host === undefined ? {} : { hosts: [args.host] }),
                secretName: args.tlsSecret,
              },
            ],
          }),
      rules: [{ ...(args.host === undefined ? {} : { host: args.host }), http }],
    },
  };
}
