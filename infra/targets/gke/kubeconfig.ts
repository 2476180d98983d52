import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "@pulumi/gcp/container/cluster";
import type { GkeConfig } from "../../config/targets/gke";

export interface KubeconfigArgs {
  /** Of cluster, user and context. */
  readonly name: string;
  /** https://… */
  readonly server: string;
  /** Base64; the API server's name has a certificate that every machine trusts. Default: none. */
  readonly certificateAuthority?: string;
  /** Default: gke-gcloud-auth-plugin is asked for one. */
  readonly token?: string;
}

/** The plugin with Pulumi's own credentials, so that a gcloud of another account doesn't matter. */
const PLUGIN = {
  apiVersion: "client.authentication.k8s.io/v1beta1",
  command: "gke-gcloud-auth-plugin",
  args: ["--use_application_default_credentials"],
  installHint: "gcloud components install gke-gcloud-auth-plugin",
  interactiveMode: "Never",
  provideClusterInfo: true,
} as const;

/** A kubeconfig as JSON, which is YAML too. */
export function kubeconfigText(args: KubeconfigArgs): string {
  const { name, server, certificateAuthority, token } = args;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [
      {
        name,
        cluster: {
          server,
          ...(certificateAuthority === undefined
            ? {}
            : { "certificate-authority-data": certificateAuthority }),
        },
      },
    ],
    users: [{ name, user: token === undefined ? { exec: PLUGIN } : { token } }],
  });
}

/** Of a cluster, as config wants it. Secret. */
export function kubeconfigOf(
  { controlPlane, kubeconfig, project }: GkeConfig,
  cluster: Cluster,
  accessToken: pulumi.Output<string>,
): pulumi.Output<string> {
  const byName = controlPlane.endpoint === "dns";
  const endpoint = byName
    ? cluster.controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint
    : cluster.endpoint;
  const text = pulumi
    .all([
      cluster.location,
      cluster.name,
      endpoint,
      byName ? undefined : cluster.masterAuth.clusterCaCertificate,
      kubeconfig === "token" ? accessToken : undefined,
    ])
    .apply(([location, name, host, certificateAuthority, token]) =>
      kubeconfigText({
        name: `gke_${project}_${location}_${name}`,
        server: `https://${host}`,
        ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
        ...(token === undefined ? {} : { token }),
      }),
    );
  return pulumi.secret(text);
}
