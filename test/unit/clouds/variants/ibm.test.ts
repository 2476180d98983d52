import * as fs from "node:fs";
import { authorize } from "../../../support/clouds/ibm/registry";
import { userKey } from "../../../support/clouds/ibm/account";
import { Refusal } from "../../../support/clouds/ibm/errors";
import { ibm } from "../../../support/clouds/ibm";
import { RULES, type Rule } from "../../../support/clouds/ibm/rules";
import * as tokens from "../../../support/clouds/ibm/tokens";
import { children, text, type Values } from "../../../support/clouds/values";
import { ApiServer } from "../support/api-server";
import { temporaryFolder, TestAccount } from "../ibm/support/account";
import { changed, left, obey, when } from "./support/changes";
import type { Config, World } from "./support/stack";
import { refusals, type Variant } from "./support/suite";

const NAME = "modelport-test";
const REGION = "us-south";
const NAMESPACE = "acme-models";
const IMAGE = "docker:index/image:Image";
const LOGIN = "ibm:index/getContainerClusterConfig:getContainerClusterConfig";

const config = (
  name: string,
  section: Values = {},
  service: Values = {},
  target: "iks" | "openshift" = "iks",
): Config => ({
  name,
  target,
  section: { registryNamespace: NAMESPACE, deletionProtection: false, region: REGION, ...section },
  services: { iris: { models: ["iris"], ...service } },
});

const VPC = config("a VPC with gateways", { disableOutboundTrafficProtection: true });
const POOLS = config("an autoscaler, GPUs and an Ingress", {
  maxWorkersPerZone: 4,
  gpuPool: { type: "nvidia-l4" },
  resourceGroup: "Default",
});
const CLASSIC = config("classic infrastructure", {
  infrastructure: "classic",
  classic: { datacenter: "dal10" },
});
const OPENSHIFT = config("OpenShift", {}, {}, "openshift");

async function start(): Promise<World> {
  const folder = temporaryFolder();
  const api = await ApiServer.start(folder);
  const { cloud } = new TestAccount(api);
  return {
    of: ibm,
    cloud,
    variables: { IC_API_KEY: userKey(cloud) },
    environment: await ibm.start(cloud),
    ask(login, what) {
      obey(authorize(cloud, login, what), Refusal);
    },
    async close() {
      await ibm.stop(cloud);
      await cloud.balancers.closeAll();
      await api.close();
      for (const own of [folder, cloud.folder]) fs.rmSync(own, { recursive: true });
    },
  };
}

/** The VPC that the stack made, for what is left in it. */
const ownVpc = ({ cloud }: World) => cloud.store.list(tokens.VPC)[0]?.id;
const ownSubnet = ({ cloud }: World) => cloud.store.list(tokens.SUBNET)[0]?.id;

const VARIANTS: readonly Variant<Rule>[] = [
  {
    rule: "no-credentials",
    title: "nobody is logged in",
    prepare: (world) => {
      world.environment = {};
    },
    says: "ibmcloud_api_key or bluemix_api_key or iam_token and iam_refresh_token must be provided.",
  },
  {
    rule: "key-revoked",
    title: "the key was deleted",
    prepare: when("revoked", true),
    says: "BXNIM0415E: Provided API key could not be found.",
  },
  {
    rule: "resource-group-unknown",
    title: "a resource group that isn't there",
    config: config("no such group", { resourceGroup: "none" }),
    says: "Error retrieving resource group none: Given resource Group is not found in the account",
  },
  {
    rule: "name-taken",
    title: "a VPC of that name was left",
    prepare: left(tokens.VPC, "r006-other", { name: NAME }),
    says: `CreateVPCWithContext failed: Provided Name (${NAME}) is not unique`,
  },
  {
    rule: "vpc-unknown",
    title: "a subnet of a VPC that isn't there",
    changes: changed(tokens.SUBNET, { vpc: "r006-none" }),
    says: "GetVPCWithContext failed: VPC not found with id: r006-none",
  },
  {
    rule: "subnet-size",
    title: "a subnet of a size that there is not",
    changes: changed(tokens.SUBNET, { totalIpv4AddressCount: 100 }),
    says: "CreateSubnetWithContext failed: The total_ipv4_address_count 100 is not a power of two between 8 and 16384.",
  },
  {
    rule: "gateway-taken",
    title: "two gateways in a zone",
    config: config("two zones", {
      disableOutboundTrafficProtection: true,
      zones: [`${REGION}-1`, `${REGION}-2`],
    }),
    changes: changed(tokens.PUBLIC_GATEWAY, { zone: `${REGION}-1` }),
    during: "update",
    says: "CreatePublicGatewayWithContext failed: The zone already has a public gateway for this VPC.",
  },
  {
    rule: "gateway-unknown",
    title: "a gateway that isn't there",
    changes: changed(tokens.SUBNET, { publicGateway: "r006-none" }),
    says: "SetSubnetPublicGatewayWithContext failed: Public Gateway not found",
  },
  {
    rule: "gateway-in-use",
    title: "another's subnet has the gateway",
    prepare: (world) => {
      const [gateway] = world.cloud.store.list(tokens.PUBLIC_GATEWAY);
      left(tokens.SUBNET, "0717-other", { publicGateway: gateway?.id })(world);
    },
    during: "down",
    says: "DeletePublicGatewayWithContext failed: Cannot delete a public gateway when it is in use.",
  },
  {
    rule: "subnet-in-use",
    title: "a balancer was left in the subnet",
    prepare: (world) =>
      left(tokens.LOAD_BALANCER, "r006-balancer", { subnets: [ownSubnet(world)] })(world),
    during: "down",
    says: "Cannot delete the subnet while it is in use by one or more network interfaces. Please delete the network interfaces or their associated servers and retry: [ load_balancers:r006-balancer ].",
  },
  {
    rule: "vpc-in-use",
    title: "another's subnet is in the VPC",
    prepare: (world) => left(tokens.SUBNET, "0717-other", { vpc: ownVpc(world) })(world),
    during: "down",
    says: "DeleteVPCWithContext failed: The VPC is in use and cannot be deleted. Subnets [0717-other]",
  },
  {
    rule: "cluster-taken",
    title: "a cluster of that name was left",
    prepare: left(tokens.VPC_CLUSTER, "c0other", { name: NAME }),
    says: '"code":"E0007","description":"A cluster with the same name already exists. Choose another name."',
  },
  {
    rule: "cluster-name",
    title: "a name that clusters can't have",
    changes: changed(tokens.VPC_CLUSTER, { name: "Cluster" }),
    says: '"code":"E0003","description":"The cluster name is not valid.',
  },
  {
    rule: "cluster-without-vpc",
    title: "a cluster in a VPC that isn't there",
    changes: changed(tokens.VPC_CLUSTER, { vpcId: "r006-none" }),
    says: '"code":"E0a7b","description":"The specified VPC could not be found: r006-none."',
  },
  {
    rule: "cluster-without-subnet",
    title: "a subnet in another zone",
    changes: {
      [tokens.VPC_CLUSTER]: (inputs) => ({
        ...inputs,
        zones: children(inputs, "zones").map((zone) => ({ ...zone, name: `${REGION}-2` })),
      }),
    },
    says: `The specified subnet could not be found in zone ${REGION}-2: `,
  },
  {
    rule: "classic-closed",
    title: "an account without a classic cluster",
    config: CLASSIC,
    says: '"code":"E501e","description":"Classic cluster creation is not supported in regions that do not have existing classic clusters."',
  },
  {
    rule: "too-few-workers",
    title: "OpenShift with one worker",
    config: OPENSHIFT,
    changes: changed(tokens.VPC_CLUSTER, { workerCount: 1 }),
    says: "below the cluster's minimum requirement of 2 workers.",
  },
  {
    rule: "too-few-workers",
    title: "the default pool without a worker",
    changes: changed(tokens.VPC_WORKER_POOL, { workerCount: 0 }),
    during: "update",
    says: "below the cluster's minimum requirement of 1 workers.",
  },
  {
    rule: "too-few-workers",
    title: "the last pool, deleted in earnest",
    changes: changed(tokens.VPC_WORKER_POOL, { orphanOnDelete: false }),
    during: "down",
    says: '"code":"E1437","description":"The action cannot be completed because it would reduce the worker pool\'s size',
  },
  {
    rule: "object-storage",
    title: "OpenShift without Cloud Object Storage",
    config: OPENSHIFT,
    changes: changed(tokens.VPC_CLUSTER, { cosInstanceCrn: "" }),
    says: "A Cloud Object Storage instance is required to create a VPC Gen 2 OpenShift cluster.",
  },
  {
    rule: "object-storage",
    title: "OpenShift with a Cloud Object Storage that isn't there",
    config: config(
      "another's storage",
      { cosInstanceCrn: "crn:v1:bluemix:public:cloud-object-storage:global:a/1:2::" },
      {},
      "openshift",
    ),
    says: "The specified Cloud Object Storage instance could not be found.",
  },
  {
    rule: "service-unknown",
    title: "a service that there is not",
    config: OPENSHIFT,
    changes: changed(tokens.RESOURCE_INSTANCE, { service: "object-storage" }),
    says: "Error retrieving service offering: object-storage not found",
  },
  {
    rule: "plan-unknown",
    title: "a plan that the service doesn't have",
    config: OPENSHIFT,
    changes: changed(tokens.RESOURCE_INSTANCE, { plan: "free" }),
    says: "Error retrieving plan: No plan found with name: free for service: cloud-object-storage",
  },
  {
    rule: "location-unknown",
    title: "Cloud Object Storage in a region",
    config: OPENSHIFT,
    changes: changed(tokens.RESOURCE_INSTANCE, { location: REGION }),
    says: `No deployment found for service plan standard at location ${REGION}. Valid location(s) are: ["global"].`,
  },
  {
    rule: "cluster-unknown",
    title: "a pool of a cluster that isn't there",
    changes: changed(tokens.VPC_WORKER_POOL, { cluster: "none" }),
    says: '"code":"G0004","description":"The specified cluster could not be found.',
  },
  {
    rule: "login-without-cluster",
    title: "a login of a cluster that isn't there",
    changes: changed(LOGIN, { clusterNameId: "none" }),
    says: "Error downloading the cluster config [none]: Request failed with status code: 404",
  },
  {
    rule: "pool-taken",
    title: "the default pool made anew",
    changes: changed(tokens.VPC_WORKER_POOL, { importOnCreate: false }),
    says: '"code":"E4fd9","description":"A worker pool with the same name already exists. Choose another name."',
  },
  {
    rule: "pool-unknown",
    title: "a pool to import that isn't there",
    changes: changed(tokens.VPC_WORKER_POOL, { workerPoolName: "none" }),
    says: '"code":"G0005","description":"The specified worker pool could not be found."',
  },
  {
    rule: "addon-unknown",
    title: "an add-on that there is not",
    config: POOLS,
    changes: changed(tokens.ADDONS, { addons: [{ name: "autoscaler" }] }),
    says: "The specified add-on could not be found: autoscaler.",
  },
  {
    rule: "namespace-name",
    title: "a namespace with capitals",
    changes: changed(tokens.NAMESPACE, { name: "Acme" }),
    says: '"name" must contain from 4 to 30 characters',
  },
  {
    rule: "namespace-taken",
    title: "another account's namespace",
    config: config("taken namespace", { registryNamespace: "acme-models-taken" }),
    says: "The value 'acme-models-taken' for namespace is already in use. Choose a different value for your namespace.",
  },
  {
    rule: "retention-without-namespace",
    title: "a retention policy for no namespace",
    changes: changed(tokens.RETENTION_POLICY, { namespace: "none" }),
    says: "SetRetentionPolicyWithContext failed The namespace was not found.",
  },
  {
    rule: "retention-count",
    title: "a retention policy that keeps less than none",
    changes: changed(tokens.RETENTION_POLICY, { imagesPerRepo: -2 }),
    says: "SetRetentionPolicyWithContext failed The images_per_repo is not valid.",
  },
  {
    rule: "service-ids",
    title: "no service ID left",
    prepare: when("quota", "serviceids"),
    says: "You have reached the maximum number of service IDs for this account.",
  },
  {
    rule: "policy-without-service-id",
    title: "a policy for nobody",
    changes: changed(tokens.SERVICE_POLICY, { iamServiceId: "ServiceId-none" }),
    says: "Error fetching service ID: Provided ServiceId not found",
  },
  {
    rule: "role-unknown",
    title: "a role that there is not",
    changes: changed(tokens.SERVICE_POLICY, { roles: ["Puller"] }),
    says: "Value(s) (Puller) are not valid. Valid values are Reader, Writer, Manager",
  },
  {
    rule: "key-without-service-id",
    title: "a key for nobody",
    changes: changed(tokens.SERVICE_API_KEY, { iamServiceId: "iam-ServiceId-none" }),
    says: "Service API Key creation Error: Provided service ID could not be found",
  },
  {
    rule: "registry-login",
    title: "a push without a login",
    changes: changed(IMAGE, { registry: {} }),
    says: "Authorization required.",
  },
  {
    rule: "registry-resource",
    title: "an image for a namespace that isn't there",
    changes: {
      [IMAGE]: (inputs) => ({
        ...inputs,
        imageName: text(inputs, "imageName").replace(NAMESPACE, "none"),
      }),
    },
    says: "You are not authorized to access the specified resource.",
  },
  {
    rule: "registry-scope",
    title: "a pull login for another namespace",
    changes: changed(tokens.SERVICE_POLICY, {
      resources: { service: "container-registry", resource: "other" },
    }),
    says: "Insufficient scope.",
  },
  {
    rule: "registry-storage",
    title: "the registry is full",
    prepare: when("registry-full", "storage"),
    says: "Your account has exceeded its image storage quota for the current month.",
  },
  {
    rule: "registry-traffic",
    title: "the month's pulls are used up",
    prepare: when("registry-full", "traffic"),
    says: "Your account has exceeded its pull traffic quota for the current month.",
  },
];

describe("the simulated IBM Cloud before the program of infra/", function () {
  this.timeout(300_000);
  refusals<Rule>({
    cloud: "ibm",
    rules: RULES,
    unreached: {},
    ruleOf: (error) => (error instanceof Refusal ? error.rule : undefined),
    start,
    config: VPC,
    accepted: [
      // All but its router, which only runs before a real cluster.
      { config: OPENSHIFT, changes: changed(tokens.VPC_CLUSTER, { kubeVersion: "1.34.4" }) },
      { config: POOLS },
      { config: CLASSIC, prepare: when("classic-open", true) },
    ],
    variants: VARIANTS,
  });
});
