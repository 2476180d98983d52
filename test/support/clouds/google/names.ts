import { text, type Values } from "../values";

/** The project there is. */
export const PROJECT = "simulated-project";
export const PROJECT_NUMBER = "123456789012";

/** Of resources that no plugin makes, as compute's API calls them. */
export const RECORDS = {
  backendService: "google:backendService",
  firewall: "google:firewall",
  forwardingRule: "google:forwardingRule",
  healthCheck: "google:healthCheck",
  httpHealthCheck: "google:httpHealthCheck",
  instance: "google:instance",
  instanceGroup: "google:instanceGroup",
  managedZone: "google:managedZone",
  networkEndpointGroup: "google:networkEndpointGroup",
  sslCertificate: "google:sslCertificate",
  targetHttpProxy: "google:targetHttpProxy",
  targetHttpsProxy: "google:targetHttpsProxy",
  targetPool: "google:targetPool",
  urlMap: "google:urlMap",
} as const;

export const TOKENS = {
  account: "gcp:serviceaccount/account:Account",
  address: "gcp:compute/address:Address",
  cluster: "gcp:container/cluster:Cluster",
  globalAddress: "gcp:compute/globalAddress:GlobalAddress",
  member: "gcp:projects/iAMMember:IAMMember",
  network: "gcp:compute/network:Network",
  nodePool: "gcp:container/nodePool:NodePool",
  recordSet: "gcp:dns/recordSet:RecordSet",
  repository: "gcp:artifactregistry/repository:Repository",
  router: "gcp:compute/router:Router",
  routerNat: "gcp:compute/routerNat:RouterNat",
  service: "gcp:projects/service:Service",
  subnetwork: "gcp:compute/subnetwork:Subnetwork",
} as const;

const COMPUTE = "https://www.googleapis.com/compute/v1/";

/** URL of a compute resource by its id. */
export const selfLink = (id: string) => `${COMPUTE}${id}`;

/** `projects/…` of what may be a URL, an id, or a name below `base`. */
export function idOf(reference: string, base: string): string {
  const id = reference.replace(/^https:\/\/[^/]+\/(?:compute\/(?:v1|beta)\/)?/, "");
  return id.startsWith("projects/") ? id : `${base}/${id}`;
}

/** Last part of an id. */
export const shortName = (id: string) => id.slice(id.lastIndexOf("/") + 1);

export const networkId = (inputs: Values) =>
  idOf(text(inputs, "network"), `projects/${text(inputs, "project")}/global/networks`);

export const subnetworkId = (inputs: Values, region: string) =>
  idOf(
    text(inputs, "subnetwork"),
    `projects/${text(inputs, "project")}/regions/${region}/subnetworks`,
  );

/** Of a zone or a region. */
export const regionOf = (location: string) => location.replace(/-[a-z]$/, "");
export const isZone = (location: string) => /-[a-z]$/.test(location);

/** What the provider fills in where a resource names none. */
export const placeDefaults = (_: Values, config: Values): Values =>
  pick(config, ["project", "region"]);
export const projectDefault = (_: Values, config: Values): Values => pick(config, ["project"]);

function pick(config: Values, keys: readonly string[]): Values {
  return Object.fromEntries(
    keys.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])),
  );
}
