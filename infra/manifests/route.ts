import type { Input } from "@pulumi/pulumi";
import { labels, type ServiceIdentity } from "./labels";
import { PORT_NAME } from "./service";

/** What a stack writes of an OpenShift Route, after its CRD: openshift/api, route/v1/types.go. */
export interface RouteManifest {
  apiVersion: "route.openshift.io/v1";
  kind: "Route";
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    annotations?: Record<string, Input<string>>;
  };
  spec: RouteSpec;
}

export interface RouteSpec {
  /** Default: `<name>-<namespace>.<the router's domain>`. */
  host?: string;
  to: { kind: "Service"; name: string; weight: number };
  /** Name of the Service's port. */
  port: { targetPort: string };
  tls?: RouteTls;
  wildcardPolicy: "None";
}

/** TLS ends at the router; pods are spoken to in plain HTTP. */
export interface RouteTls {
  termination: "edge";
  /** What the router does with plain HTTP. */
  insecureEdgeTerminationPolicy: "None" | "Allow" | "Redirect";
  /** A single certificate; its chain goes into `caCertificate`. Default: the router's own. */
  certificate?: string;
  key?: Input<string>;
  caCertificate?: string;
}

export interface RouteArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly annotations?: Readonly<Record<string, Input<string>>>;
  /** Default: the router's choice. */
  readonly host?: string;
  /** `managed`: with the router's own certificate. Default: plain HTTP. */
  readonly tls?: "managed" | RouteCertificate;
}

export interface RouteCertificate {
  /** PEM; certificates after the first are its chain. */
  readonly certificate: string;
  /** PEM; a secret. */
  readonly key: Input<string>;
  /** PEM. Default: what follows in `certificate`. */
  readonly caCertificate?: string | undefined;
}

export function route(args: RouteArgs): RouteManifest {
  const { service } = args.identity;
  return {
    apiVersion: "route.openshift.io/v1",
    kind: "Route",
    metadata: {
      name: service,
      namespace: args.namespace,
      labels: labels(args.identity),
      ...(args.annotations === undefined ? {} : { annotations: { ...args.annotations } }),
    },
    spec: {
      ...(args.host === undefined ? {} : { host: args.host }),
      // The API server would add weight and wildcardPolicy by itself: said here, nothing differs later.
      to: { kind: "Service", name: service, weight: 100 },
      port: { targetPort: PORT_NAME },
      ...(args.tls === undefined ? {} : { tls: routeTls(args.tls) }),
      wildcardPolicy: "None",
    },
  };
}

function routeTls(tls: "managed" | RouteCertificate): RouteTls {
  const edge = { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" } as const;
  if (tls === "managed") return edge;
  const [certificate = "", ...chain] = tls.certificate.match(PEM) ?? [];
  const caCertificate = [...chain, ...(tls.caCertificate?.match(PEM) ?? [])].join("\n");
  return {
    ...edge,
    certificate,
    key: tls.key,
    ...(caCertificate === "" ? {} : { caCertificate }),
  };
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
