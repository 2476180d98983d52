import * as fs from "node:fs";
import * as path from "node:path";
import { Refusal } from "../../../support/clouds/google/errors";
import { PROJECT, RECORDS, selfLink, TOKENS } from "../../../support/clouds/google/names";
import { authorize } from "../../../support/clouds/google/repository";
import { RULES, type Rule } from "../../../support/clouds/google/rules";
import { google } from "../../../support/clouds/google";
import { child, children, type Values } from "../../../support/clouds/values";
import { REGION, TestProject } from "../google/support/project";
import { changed, left, obey, when } from "./support/changes";
import type { Config, World } from "./support/stack";
import { refusals, type Variant } from "./support/suite";

const NAME = "modelport-test";
const BASE = `projects/${PROJECT}`;
const NETWORK = `${BASE}/global/networks/${NAME}`;
const SUBNETWORK = `${BASE}/regions/${REGION}/subnetworks/${NAME}`;
const CLUSTERS = `${BASE}/locations/${REGION}/clusters`;
const ZONE = { id: `${BASE}/managedZones/example-com`, outputs: { dnsName: "example.com." } };
const IMAGE = "docker:index/image:Image";

const config = (name: string, section: Values = {}, service: Values = {}): Config => ({
  name,
  target: "gke",
  section: { project: PROJECT, deletionProtection: false, ...section },
  services: { iris: { models: ["iris"], ...service } },
});

const AUTOPILOT = config("Autopilot with a balancer");
const STANDARD = config(
  "Standard with GPUs, an Ingress and a DNS record",
  { mode: "standard", gpuPool: { type: "nvidia-l4" }, dnsZone: "example-com" },
  { exposure: "Ingress", host: "iris.example.com" },
);
const INTERNAL = config("an internal balancer", {}, { internal: true });

async function start(): Promise<World> {
  const project = await TestProject.start();
  const { cloud } = project;
  const key = fs.readFileSync(path.join(cloud.folder, "service-account.json"), "utf8");
  return {
    of: google,
    cloud,
    variables: {},
    environment: { GOOGLE_CREDENTIALS: key },
    ask(login, what) {
      obey(authorize(cloud, login, what), Refusal);
    },
    close: () => project.close(),
  };
}

const zone = ({ cloud }: World) => void cloud.record(RECORDS.managedZone, ZONE.id, ZONE.outputs);

const VARIANTS: readonly Variant<Rule>[] = [
  {
    rule: "no-credentials",
    title: "nobody is logged in",
    prepare: (world) => {
      world.environment = {};
    },
    says: "No credentials loaded. To use your gcloud credentials, run 'gcloud auth application-default login'",
  },
  {
    rule: "key-revoked",
    title: "the key was deleted",
    prepare: when("revoked", true),
    says: 'oauth2: "invalid_grant" "Invalid JWT Signature."',
  },
  {
    rule: "token-invalid",
    title: "a token that nobody issued",
    prepare: (world) => {
      world.environment = { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.none" };
    },
    says: "googleapi: Error 401: Request had invalid authentication credentials.",
  },
  {
    rule: "api-enabling-forbidden",
    title: "another's project",
    config: config("another's project", { project: "another-project" }),
    says: 'for project "another-project": googleapi: Error 403: Permission denied to enable service',
  },
  {
    rule: "permission-denied",
    title: "no right to make networks",
    prepare: when("permission-denied", "compute.networks.create"),
    says: `Error creating Network: googleapi: Error 403: Required 'compute.networks.create' permission for '${NETWORK}', forbidden`,
  },
  {
    rule: "permission-denied",
    title: "no right to delete networks",
    prepare: when("permission-denied", "compute.networks.delete"),
    during: "down",
    says: `Required 'compute.networks.delete' permission for '${NETWORK}', forbidden`,
  },
  {
    rule: "api-disabled",
    title: "an API was disabled behind the program's back",
    prepare: when("api-disabled", "container"),
    says: `Kubernetes Engine API has not been used in project ${PROJECT} before or it is disabled.`,
  },
  {
    rule: "quota",
    title: "no network left",
    prepare: when("quota", "NETWORKS"),
    says: "googleapi: Error 403: Quota 'NETWORKS' exceeded.  Limit: 0.0 globally., quotaExceeded",
  },
  {
    rule: "quota",
    title: "no address left in the region",
    prepare: when("quota", "STATIC_ADDRESSES"),
    says: `Quota 'STATIC_ADDRESSES' exceeded.  Limit: 0.0 in region ${REGION}., quotaExceeded`,
  },
  {
    rule: "name-taken",
    title: "a network of that name was left",
    prepare: left(TOKENS.network, NETWORK),
    says: `Error creating Network: googleapi: Error 409: The resource '${NETWORK}' already exists, alreadyExists`,
  },
  {
    rule: "not-found",
    title: "a subnetwork of a network that isn't there",
    changes: changed(TOKENS.subnetwork, { network: "none" }),
    says: `Error creating Subnetwork: googleapi: Error 404: The resource '${BASE}/global/networks/none' was not found, notFound`,
  },
  {
    rule: "in-use",
    title: "a firewall was left in the network",
    prepare: left(RECORDS.firewall, `${BASE}/global/firewalls/k8s-fw-a`, {
      network: selfLink(NETWORK),
    }),
    during: "down",
    says: `Error waiting for Deleting Network: The network resource '${NETWORK}' is already being used by '${BASE}/global/firewalls/k8s-fw-a'`,
  },
  {
    rule: "in-use",
    title: "a balancer was left in the subnetwork",
    prepare: left(RECORDS.forwardingRule, `${BASE}/regions/${REGION}/forwardingRules/a`, {
      project: PROJECT,
      region: REGION,
      subnetwork: selfLink(SUBNETWORK),
    }),
    during: "down",
    says: `Error waiting for Deleting Subnetwork: The subnetwork resource '${SUBNETWORK}' is already being used by`,
  },
  {
    rule: "address-in-use",
    title: "a balancer has the address",
    prepare: (world) => {
      const [address] = world.cloud.store.list(TOKENS.address);
      left(RECORDS.forwardingRule, `${BASE}/regions/${REGION}/forwardingRules/a`, {
        IPAddress: address?.outputs["address"],
      })(world);
    },
    during: "down",
    says: `is already being used by '${BASE}/regions/${REGION}/forwardingRules/a', resourceInUseByAnotherResource`,
  },
  {
    rule: "range-overlap",
    title: "pods where the nodes are",
    changes: {
      [TOKENS.subnetwork]: (inputs) => ({
        ...inputs,
        secondaryIpRanges: children(inputs, "secondaryIpRanges").map((range) => ({
          ...range,
          ipCidrRange: inputs["ipCidrRange"],
        })),
      }),
    },
    says: `Invalid value for field 'resource.secondaryIpRanges[0].ipCidrRange': '10.0.0.0/20'. Invalid IPCidrRange: 10.0.0.0/20 conflicts with existing subnetwork '${NAME}' in region '${REGION}'., invalid`,
  },
  {
    rule: "account-taken",
    title: "the nodes' account was left",
    prepare: left(
      TOKENS.account,
      `${BASE}/serviceAccounts/${NAME}@${PROJECT}.iam.gserviceaccount.com`,
    ),
    says: `Service account ${NAME} already exists within project ${BASE}., alreadyExists`,
  },
  {
    rule: "member-unknown",
    title: "a role for nobody",
    changes: changed(TOKENS.member, {
      member: `serviceAccount:nobody@${PROJECT}.iam.gserviceaccount.com`,
    }),
    says: `Service account nobody@${PROJECT}.iam.gserviceaccount.com does not exist., badRequest`,
  },
  {
    rule: "repository-taken",
    title: "the repository was left",
    prepare: left(TOKENS.repository, `${BASE}/locations/${REGION}/repositories/${NAME}`),
    says: "Error creating Repository: googleapi: Error 409: the repository already exists",
  },
  {
    rule: "registry-without-login",
    title: "a push without a login",
    changes: changed(IMAGE, { registry: {} }),
    says: 'Unauthenticated requests do not have permission "artifactregistry.repositories.uploadArtifacts"',
  },
  {
    rule: "registry-without-login",
    title: "nodes whose account reads no repository",
    changes: {
      [TOKENS.member]: (inputs) => ({ ...inputs, role: "roles/logging.logWriter" }),
    },
    says: 'Unauthenticated requests do not have permission "artifactregistry.repositories.downloadArtifacts"',
  },
  {
    rule: "registry-login",
    title: "the token's hour is over",
    prepare: when("expired", true),
    says: "authentication failed",
  },
  {
    rule: "registry-permission",
    title: "no right to push",
    prepare: when("permission-denied", "artifactregistry.repositories.uploadArtifacts"),
    says: `Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "${BASE}/locations/${REGION}/repositories/${NAME}" (or it may not exist)`,
  },
  {
    rule: "registry-repository",
    title: "an image for a repository that isn't there",
    changes: {
      [IMAGE]: (inputs) => ({
        ...inputs,
        imageName: String(inputs["imageName"]).replace(`/${NAME}/`, "/none/"),
      }),
    },
    says: 'Repository "none" not found',
  },
  {
    rule: "registry-full",
    title: "the repository is full",
    prepare: when("registry-full", NAME),
    says: "Quota exceeded for quota metric 'Storage' and limit 'Storage per repository'",
  },
  {
    rule: "autopilot-in-a-zone",
    title: "Autopilot in a zone",
    changes: changed(TOKENS.cluster, { location: `${REGION}-b` }),
    says: "googleapi: Error 400: Autopilot clusters must be regional clusters., badRequest",
  },
  {
    rule: "cluster-taken",
    title: "a cluster of that name was left",
    prepare: left(TOKENS.cluster, `${CLUSTERS}/${NAME}`),
    says: `googleapi: Error 409: Already exists: ${CLUSTERS}/${NAME}., alreadyExists`,
  },
  {
    rule: "one-cluster",
    title: "another's cluster is there",
    prepare: left(TOKENS.cluster, `${CLUSTERS}/other`),
    says: `the simulation has one cluster to hand out, and ${CLUSTERS}/other has it`,
  },
  {
    rule: "range-unknown",
    title: "a range for pods that the subnetwork doesn't have",
    changes: {
      [TOKENS.cluster]: (inputs) => ({
        ...inputs,
        ipAllocationPolicy: {
          ...child(inputs, "ipAllocationPolicy"),
          clusterSecondaryRangeName: "none",
        },
      }),
    },
    says: `Secondary range "none" does not exist in network "${NETWORK}", subnetwork "${SUBNETWORK}"., badRequest`,
  },
  {
    rule: "account-not-usable",
    title: "no right to give the account to nodes",
    prepare: when("permission-denied", "iam.serviceAccounts.actAs"),
    says: "Ask a project owner to grant you the iam.serviceAccountUser role on the service account., badRequest",
  },
  {
    rule: "cluster-quota",
    title: "no disks left",
    prepare: when("quota", "SSD_TOTAL_GB"),
    says: `Insufficient regional quota to satisfy request: resource "SSD_TOTAL_GB": request requires '300.0' and is short '50.0'.`,
  },
  {
    rule: "deletion-protection",
    title: "deletionProtection is as it is by default",
    config: config("protected", { deletionProtection: true }),
    during: "down",
    says: "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed with cluster deletion.",
  },
  {
    rule: "pool-without-cluster",
    title: "a pool of a cluster that isn't there",
    config: STANDARD,
    prepare: zone,
    changes: changed(TOKENS.nodePool, { cluster: "none" }),
    says: "error creating NodePool: googleapi: Error 404: Not found: ",
  },
  {
    rule: "pool-on-autopilot",
    title: "a pool on Autopilot",
    config: STANDARD,
    prepare: zone,
    changes: changed(TOKENS.cluster, { enableAutopilot: true, location: REGION }),
    says: "error creating NodePool: googleapi: Error 400: Autopilot node pools cannot be accessed or modified., badRequest",
  },
  {
    rule: "pool-taken",
    title: "a pool of that name is there",
    config: STANDARD,
    prepare: (world) => {
      zone(world);
      left(TOKENS.nodePool, `${BASE}/locations/${REGION}-b/clusters/${NAME}/nodePools/gpu`)(world);
    },
    says: "/nodePools/gpu., alreadyExists",
  },
  {
    rule: "zone-unknown",
    title: "a DNS zone that isn't there",
    config: STANDARD,
    says: "Error creating DNS RecordSet: googleapi: Error 404: The 'parameters.managedZone' resource named 'example-com' does not exist., notFound",
  },
  {
    rule: "record-taken",
    title: "the host has a record",
    config: STANDARD,
    prepare: (world) => {
      zone(world);
      left(TOKENS.recordSet, `${ZONE.id}/rrsets/iris.example.com./A`)(world);
    },
    says: "The resource 'entity.change.additions[iris.example.com.][A]' named 'iris.example.com. (A)' already exists, alreadyExists",
  },
  {
    rule: "nat-taken",
    title: "a NAT of that name was left",
    prepare: left(TOKENS.routerNat, `${PROJECT}/${REGION}/${NAME}/${NAME}`),
    says: `Error creating RouterNat: googleapi: Error 409: The resource '${PROJECT}/${REGION}/${NAME}/${NAME}' already exists, alreadyExists`,
  },
];

describe("the simulated Google Cloud before the program of infra/", function () {
  this.timeout(300_000);
  refusals<Rule>({
    cloud: "google",
    rules: RULES,
    unreached: {},
    ruleOf: (error) => (error instanceof Refusal ? error.rule : undefined),
    start,
    config: AUTOPILOT,
    accepted: [{ config: INTERNAL }, { config: STANDARD, prepare: zone }],
    variants: VARIANTS,
  });
});
