/** Google's own Kubernetes kinds, as far as they are used; typed after their reference. */
import { labels } from "../../manifests/labels";
import type { FrontArgs } from "../target";

interface GoogleObject<ApiVersion extends string, Kind extends string, Spec> {
  readonly apiVersion: ApiVersion;
  readonly kind: Kind;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
  };
  readonly spec: Spec;
}

/** https://docs.cloud.google.com/kubernetes-engine/docs/how-to/managed-certs */
export type ManagedCertificate = GoogleObject<
  "networking.gke.io/v1",
  "ManagedCertificate",
  { readonly domains: readonly string[] }
>;

/** https://docs.cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration */
export type FrontendConfig = GoogleObject<
  "networking.gke.io/v1beta1",
  "FrontendConfig",
  {
    readonly redirectToHttps: {
      readonly enabled: boolean;
      readonly responseCodeName: "MOVED_PERMANENTLY_DEFAULT" | "PERMANENT_REDIRECT";
    };
  }
>;

/** https://docs.cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration */
export type BackendConfig = GoogleObject<
  "cloud.google.com/v1",
  "BackendConfig",
  {
    readonly timeoutSec: number;
    readonly connectionDraining: { readonly drainingTimeoutSec: number };
    readonly healthCheck: {
      readonly type: "HTTP";
      readonly requestPath: string;
      readonly port: number;
      readonly checkIntervalSec: number;
      readonly timeoutSec: number;
      readonly healthyThreshold: number;
      readonly unhealthyThreshold: number;
    };
  }
>;

type Place = Pick<FrontArgs, "service" | "namespace" | "stack">;

const metadata = ({ service, namespace, stack }: Place) => ({
  name: service,
  namespace,
  labels: labels({ stack, service }),
});

/** Google gets the certificate as soon as the host's name leads to the Ingress, and renews it. */
export function managedCertificate(place: Place, host: string): ManagedCertificate {
  return {
    apiVersion: "networking.gke.io/v1",
    kind: "ManagedCertificate",
    metadata: metadata(place),
    spec: { domains: [host] },
  };
}

/** A prediction is a POST: a 308 keeps it one. */
export function frontendConfig(place: Place): FrontendConfig {
  return {
    apiVersion: "networking.gke.io/v1beta1",
    kind: "FrontendConfig",
    metadata: metadata(place),
    spec: { redirectToHttps: { enabled: true, responseCodeName: "PERMANENT_REDIRECT" } },
  };
}

/** Without it the balancer guesses its health check from pods that may not be there yet. */
export function backendConfig(place: Place, health: FrontArgs["health"]): BackendConfig {
  return {
    apiVersion: "cloud.google.com/v1",
    kind: "BackendConfig",
    metadata: metadata(place),
    spec: {
      timeoutSec: 60,
      connectionDraining: { drainingTimeoutSec: 30 },
      healthCheck: {
        type: "HTTP",
        requestPath: health.path,
        port: health.port,
        checkIntervalSec: 5,
        timeoutSec: 5,
        healthyThreshold: 1,
        unhealthyThreshold: 2,
      },
    },
  };
}
