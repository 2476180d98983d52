const PROVIDER = "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs";
const ISSUES = "https://github.com/IBM-Cloud/terraform-provider-ibm/issues";
const DOCS = "https://cloud.ibm.com/docs";

/**
 * Whatever the simulated IBM Cloud refuses a plugin or Docker, with what documents it. What it refuses the list APIs has no name: no
 * program calls them. What its controllers refuse a Service or an Ingress is an event of that object's.
 */
export const RULES = {
  "addon-unknown": `${DOCS}/containers?topic=containers-supported-cluster-addon-versions`,
  "classic-closed": `${DOCS}/containers?topic=containers-classic-create-restriction`,
  "cluster-name": `${PROVIDER}/resources/container_vpc_cluster`,
  "cluster-taken": `${ISSUES}/3656`,
  "cluster-unknown": `${ISSUES}/4163`,
  "cluster-without-subnet": `${PROVIDER}/resources/container_vpc_cluster`,
  "cluster-without-vpc": `${PROVIDER}/resources/container_vpc_cluster`,
  "gateway-in-use": `${DOCS}/vpc?topic=vpc-rias-error-messages`,
  "gateway-taken": `${DOCS}/vpc?topic=vpc-about-public-gateways`,
  "gateway-unknown": `${PROVIDER}/resources/is_subnet`,
  "key-revoked": `${ISSUES}/334`,
  "key-without-service-id": `${PROVIDER}/resources/iam_service_api_key`,
  "location-unknown": `${PROVIDER}/resources/resource_instance`,
  "login-without-cluster": `${PROVIDER}/data-sources/container_cluster_config`,
  "name-taken": "https://github.com/IBM/vpc-python-sdk/pull/65",
  "namespace-name": `${DOCS}/Registry?topic=Registry-troubleshoot-add-namespace`,
  "namespace-taken": `${DOCS}/Registry?topic=Registry-troubleshoot-add-namespace`,
  "no-credentials": PROVIDER,
  "object-storage": `${DOCS}/openshift?topic=openshift-cluster-create-vpc-gen2`,
  "plan-unknown": `${PROVIDER}/resources/resource_instance`,
  "policy-without-service-id": `${PROVIDER}/resources/iam_service_policy`,
  "pool-taken": `${PROVIDER}/resources/container_vpc_worker_pool`,
  "pool-unknown": `${PROVIDER}/resources/container_vpc_worker_pool`,
  "registry-login": `${DOCS}/Registry?topic=Registry-troubleshoot-auth-req`,
  "registry-resource": `${DOCS}/Registry?topic=Registry-troubleshoot-resource`,
  "registry-scope": `${DOCS}/Registry?topic=Registry-troubleshoot-scope`,
  "registry-storage": `${DOCS}/Registry?topic=Registry-troubleshoot-quota`,
  "registry-traffic": `${DOCS}/Registry?topic=Registry-troubleshoot-quota`,
  "resource-group-unknown": `${PROVIDER}/data-sources/resource_group`,
  "retention-count": `${PROVIDER}/resources/cr_retention_policy`,
  "retention-without-namespace": `${PROVIDER}/resources/cr_retention_policy`,
  "role-unknown": `${PROVIDER}/resources/iam_service_policy`,
  "service-ids": `${DOCS}/account?topic=account-known-issues#iam_limits`,
  "service-unknown": `${PROVIDER}/resources/resource_instance`,
  "subnet-in-use": `${ISSUES}/2779`,
  "subnet-size": `${PROVIDER}/resources/is_subnet`,
  "too-few-workers": `${ISSUES}/5598`,
  "vpc-in-use": "https://github.com/kubernetes-sigs/cluster-api-provider-ibmcloud/issues/308",
  "vpc-unknown": `${PROVIDER}/resources/is_vpc`,
} as const;
export type Rule = keyof typeof RULES;
