import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "@pulumi/gcp/container/cluster";
import type { GkeConfig } from "../../config/targets/gke";
import { kubeconfigText } from "../kubeconfig-text";

/** The plugin with Pulumi's own credentials, so that a gcloud of another account doesn't matter. */
const PLUGIN = {
  apiVersion: "client.authentication.k8s.io/v1beta1",
  command: "gke-gcloud-auth-plugin",
  args: ["--use_application_default_credentials"],
  installHint: "gcloud components install gke-gcloud-auth-plugin",
  interactiveMode: "Never",
  provideClusterInfo: true,
} as const;

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
        user: token === undefined ? { exec: PLUGIN } : { token },
      }),
    );
  return pulumi.secret(text);
}
