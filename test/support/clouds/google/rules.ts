const PROVIDER = "https://registry.terraform.io/providers/hashicorp/google/latest/docs";

/**
 * Whatever the simulated Google Cloud refuses a plugin or Docker, with what documents it. What it refuses the list APIs has no name:
 * no program calls them. What its controllers refuse a Service or an Ingress is an event of that object's.
 */
export const RULES = {
  "account-not-usable":
    "https://github.com/terraform-google-modules/terraform-google-kubernetes-engine/issues/142",
  "account-taken": "https://cloud.google.com/iam/docs/service-accounts-create",
  "address-in-use":
    "https://cloud.google.com/vpc/docs/reserve-static-external-ip-address#release_ip",
  "api-disabled": "https://cloud.google.com/service-usage/docs/enable-disable",
  "api-enabling-forbidden": "https://cloud.google.com/service-usage/docs/access-control",
  "autopilot-in-a-zone": "https://github.com/GoogleCloudPlatform/ai-on-gke/issues/628",
  "cluster-quota":
    "https://github.com/terraform-google-modules/terraform-google-kubernetes-engine/issues/1795",
  "cluster-taken": "https://github.com/hashicorp/terraform-provider-google/issues/1166",
  "deletion-protection": `${PROVIDER}/guides/version_5_upgrade#deletion-protection`,
  "in-use": "https://github.com/hashicorp/terraform-provider-google/issues/5948",
  "key-revoked": "https://cloud.google.com/iam/docs/keys-disable-enable",
  "member-unknown": "https://cloud.google.com/iam/docs/overview#consistency",
  "name-taken": "https://cloud.google.com/apis/design/errors",
  "nat-taken": `${PROVIDER}/resources/compute_router_nat`,
  "no-credentials": `${PROVIDER}/guides/provider_reference`,
  "not-found": "https://cloud.google.com/apis/design/errors",
  "one-cluster": "of the simulation: there is one embedded cluster",
  "permission-denied": "https://cloud.google.com/iam/docs/permission-error-messages",
  "pool-on-autopilot": "https://github.com/turbot/steampipe-plugin-gcp/pull/591",
  "pool-taken": `${PROVIDER}/resources/container_node_pool`,
  "pool-without-cluster": `${PROVIDER}/resources/container_node_pool`,
  quota: "https://cloud.google.com/compute/resource-usage",
  "range-overlap": "https://cloud.google.com/vpc/docs/subnets#valid-ranges",
  "range-unknown": "https://cloud.google.com/kubernetes-engine/docs/how-to/alias-ips",
  "record-taken": `${PROVIDER}/resources/dns_record_set`,
  "registry-full": "https://cloud.google.com/artifact-registry/quotas",
  "registry-login": "https://cloud.google.com/artifact-registry/docs/docker/authentication#token",
  "registry-permission":
    "https://cloud.google.com/artifact-registry/docs/access-control#permissions",
  "registry-repository":
    "https://cloud.google.com/artifact-registry/docs/docker/pushing-and-pulling",
  "registry-without-login": "https://cloud.google.com/artifact-registry/docs/integrate-gke",
  "repository-taken": `${PROVIDER}/resources/artifact_registry_repository`,
  "token-invalid": "https://cloud.google.com/docs/authentication/token-types#access",
  "zone-unknown": `${PROVIDER}/resources/dns_record_set`,
} as const;
export type Rule = keyof typeof RULES;
