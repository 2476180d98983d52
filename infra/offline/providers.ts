/**
 * Every resource and function that the program may ask a provider for, with a stand-in for what only the provider knows.
 * The offline run and the tests refuse any other: a new one is met here first. Values are those set aside for documentation.
 */

type Values = Record<string, unknown>;

/** What a provider adds to the inputs. */
type State = (inputs: Values, name: string) => Values;

const nothing: State = () => ({});

export const DIGEST = `sha256:${"0".repeat(64)}`;

/** Addresses that RFC 5737 keeps free. */
const PUBLIC_ADDRESS = "192.0.2.10";
const NODE_ADDRESS = "192.0.2.1";

/** By type token. */
export const RESOURCES: Readonly<Record<string, State>> = {
  "pulumi:pulumi:Stack": nothing,
  "pulumi:providers:docker": nothing,
  "pulumi:providers:gcp": nothing,
  "pulumi:providers:ibm": nothing,
  "pulumi:providers:kubernetes": nothing,
  "modelport:ibm:Registry": nothing,
  "modelport:ibm:VpcNetwork": nothing,
  "modelport:index:BuildNamespace": nothing,
  "modelport:index:GitBuild": nothing,
  "modelport:index:GkeCluster": nothing,
  "modelport:index:IksCluster": nothing,
  "modelport:index:InferenceImage": nothing,
  "modelport:index:InferenceService": nothing,
  "modelport:index:OpenShiftCluster": nothing,
  "modelport:index:ServiceNamespace": nothing,

  "docker:index/image:Image": ({ imageName, skipPush }) => ({
    repoDigest: skipPush === true ? DIGEST : `${withoutTag(String(imageName))}@${DIGEST}`,
  }),
  "pulumi-nodejs:dynamic/minikube:Addon": nothing,
  "pulumi-nodejs:dynamic/minikube:Cluster": () => ({
    kubeconfig: "<kubeconfig>",
    ip: NODE_ADDRESS,
    incarnation: "<incarnation>",
  }),
  "pulumi-nodejs:dynamic/minikube:Image": ({ image }) => ({ ref: image }),

  "gcp:artifactregistry/repository:Repository": nothing,
  "gcp:compute/address:Address": () => ({ address: PUBLIC_ADDRESS }),
  "gcp:compute/globalAddress:GlobalAddress": () => ({ address: PUBLIC_ADDRESS }),
  "gcp:compute/network:Network": nothing,
  "gcp:compute/router:Router": nothing,
  "gcp:compute/routerNat:RouterNat": nothing,
  "gcp:compute/subnetwork:Subnetwork": nothing,
  "gcp:container/cluster:Cluster": ({ controlPlaneEndpointsConfig: given }) => ({
    endpoint: PUBLIC_ADDRESS,
    masterAuth: { clusterCaCertificate: "<certificate>" },
    controlPlaneEndpointsConfig: {
      ...(given as Values | undefined),
      dnsEndpointConfig: { endpoint: "gke-offline.us-central1.gke.goog" },
    },
  }),
  "gcp:container/nodePool:NodePool": nothing,
  "gcp:dns/recordSet:RecordSet": nothing,
  "gcp:projects/iAMMember:IAMMember": nothing,
  "gcp:projects/service:Service": nothing,
  "gcp:serviceaccount/account:Account": nothing,

  "ibm:index/containerAddons:ContainerAddons": nothing,
  "ibm:index/containerCluster:ContainerCluster": ibmCluster,
  "ibm:index/containerVpcCluster:ContainerVpcCluster": ibmCluster,
  "ibm:index/containerVpcWorkerPool:ContainerVpcWorkerPool": nothing,
  "ibm:index/containerWorkerPool:ContainerWorkerPool": nothing,
  "ibm:index/crNamespace:CrNamespace": nothing,
  "ibm:index/crRetentionPolicy:CrRetentionPolicy": nothing,
  "ibm:index/iamServiceApiKey:IamServiceApiKey": () => ({ apikey: "<API key>" }),
  "ibm:index/iamServiceId:IamServiceId": () => ({ iamId: "<service ID>" }),
  "ibm:index/iamServicePolicy:IamServicePolicy": nothing,
  "ibm:index/isPublicGateway:IsPublicGateway": nothing,
  "ibm:index/isSubnet:IsSubnet": nothing,
  "ibm:index/isVpc:IsVpc": () => ({ crn: "<CRN>" }),
  "ibm:index/resourceInstance:ResourceInstance": () => ({ crn: "<CRN>", guid: "<GUID>" }),

  "kubernetes:apps/v1:Deployment": nothing,
  "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": nothing,
  "kubernetes:build.openshift.io/v1:Build": ({ spec, metadata }) => ({
    status: built(spec, metadata),
  }),
  "kubernetes:cloud.google.com/v1:BackendConfig": nothing,
  "kubernetes:core/v1:ConfigMapPatch": nothing,
  "kubernetes:core/v1:Namespace": nothing,
  // One that is read holds a certificate.
  "kubernetes:core/v1:Secret": ({ data, stringData }) =>
    data === undefined && stringData === undefined
      ? { data: { "tls.crt": "PGNlcnRpZmljYXRlPg==", "tls.key": "PGtleT4=" } }
      : {},
  "kubernetes:core/v1:Service": ({ spec }) => ({ spec: withNodePorts(spec) }),
  "kubernetes:core/v1:ServiceAccount": nothing,
  "kubernetes:image.openshift.io/v1:ImageStream": ({ metadata }) => ({
    status: { dockerImageRepository: inClusterRepository(metadata) },
  }),
  "kubernetes:networking.gke.io/v1:ManagedCertificate": nothing,
  "kubernetes:networking.gke.io/v1beta1:FrontendConfig": nothing,
  "kubernetes:networking.k8s.io/v1:Ingress": nothing,
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": nothing,
  "kubernetes:policy/v1:PodDisruptionBudget": nothing,
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": nothing,
  "kubernetes:route.openshift.io/v1:Route": nothing,
};

/** By function token. */
export const FUNCTIONS: Readonly<Record<string, (inputs: Values) => Values>> = {
  "gcp:organizations/getClientConfig:getClientConfig": () => ({ accessToken: "<access token>" }),
  "ibm:index/getContainerClusterConfig:getContainerClusterConfig": () => ({
    host: "https://c100.us-south.containers.example.com:30000",
    token: "<token>",
    caCertificate: "<certificate>",
    adminCertificate: "<certificate>",
    adminKey: "<key>",
  }),
  "ibm:index/getResourceGroup:getResourceGroup": () => ({ id: "<resource group>" }),
};

function ibmCluster({ name }: Values): Values {
  return {
    crn: "<CRN>",
    ingressHostname: `${String(name)}-0000.us-south.containers.example.com`,
    ingressSecret: `${String(name)}-0000`,
  };
}

/** What OpenShift's build controller says of a build. */
function built(spec: unknown, metadata: unknown): Values {
  const { output } = spec as { output: { to: { name: string } } };
  const { namespace } = metadata as { namespace: string };
  return {
    phase: "Complete",
    outputDockerImageReference: inClusterRepository({ namespace, name: output.to.name }),
    output: { to: { imageDigest: DIGEST } },
  };
}

function inClusterRepository(metadata: unknown): string {
  const { namespace, name } = metadata as { namespace: string; name: string };
  return `image-registry.openshift-image-registry.svc:5000/${namespace}/${name}`;
}

const withoutTag = (image: string) => image.replace(/:[^:/]+$/, "");

/** Only the API server knows the ports. */
function withNodePorts(spec: unknown): unknown {
  const given = spec as { type?: string; ports?: object[] };
  if (given.type !== "NodePort") return given;
  return { ...given, ports: given.ports?.map((port, i) => ({ nodePort: 30000 + i, ...port })) };
}
