/** Type tokens of what the provider makes. */
export const VPC = "ibm:index/isVpc:IsVpc";
export const SUBNET = "ibm:index/isSubnet:IsSubnet";
export const PUBLIC_GATEWAY = "ibm:index/isPublicGateway:IsPublicGateway";
export const VPC_CLUSTER = "ibm:index/containerVpcCluster:ContainerVpcCluster";
export const CLASSIC_CLUSTER = "ibm:index/containerCluster:ContainerCluster";
export const VPC_WORKER_POOL = "ibm:index/containerVpcWorkerPool:ContainerVpcWorkerPool";
export const CLASSIC_WORKER_POOL = "ibm:index/containerWorkerPool:ContainerWorkerPool";
export const ADDONS = "ibm:index/containerAddons:ContainerAddons";
export const NAMESPACE = "ibm:index/crNamespace:CrNamespace";
export const RETENTION_POLICY = "ibm:index/crRetentionPolicy:CrRetentionPolicy";
export const SERVICE_ID = "ibm:index/iamServiceId:IamServiceId";
export const SERVICE_POLICY = "ibm:index/iamServicePolicy:IamServicePolicy";
export const SERVICE_API_KEY = "ibm:index/iamServiceApiKey:IamServiceApiKey";
export const RESOURCE_INSTANCE = "ibm:index/resourceInstance:ResourceInstance";

/** What the cloud makes by itself: no plugin has these. */
export const NETWORK_INTERFACE = "ibm network interface";
export const LOAD_BALANCER = "ibm load balancer";
/** Of classic infrastructure. */
export const PORTABLE_ADDRESS = "ibm portable address";
export const SECURITY_GROUP = "ibm security group";
export const ENDPOINT_GATEWAY = "ibm endpoint gateway";
export const VOLUME = "ibm volume";
export const WORKER_POOL = "ibm worker pool";
