/** The client of the command against the simulated clouds, which refuse to delete what something uses. */
import * as assert from "node:assert/strict";
import type * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Found, Inventory } from "../../../../cli/inventory";
import { googleInventory } from "../../../../cli/inventory/google";
import { ibmInventory } from "../../../../cli/inventory/ibm";
import { endpoints as googleEndpoints } from "../../../support/clouds/google/rest";
import { google } from "../../../support/clouds/google";
import { PROJECT, RECORDS, TOKENS } from "../../../support/clouds/google/names";
import { serveJson } from "../../../support/clouds/http";
import { ibm } from "../../../support/clouds/ibm";
import { userKey } from "../../../support/clouds/ibm/account";
import { endpoints as ibmEndpoints } from "../../../support/clouds/ibm/rest";
import * as tokens from "../../../support/clouds/ibm/tokens";
import type { Values } from "../../../support/clouds/values";
import { TestAccount } from "../../clouds/ibm/support/account";
import { REGION, TestProject } from "../../clouds/google/support/project";
import { gkeConfig } from "./support/google";
import { ibmConfig } from "./support/ibm";

const kindsOf = ({ found }: Inventory) => found.map(({ kind }) => kind);

describe("the inventory of the simulated Google Cloud", () => {
  let project: TestProject;
  let server: http.Server;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    project = await TestProject.start();
    const { cloud } = project;
    server = await serveJson(cloud.settings.port, (request) =>
      google.rest({ ...request, path: request.path.slice("/google".length) }, cloud),
    );
    const key = `${cloud.folder}/service-account.json`;
    env = { ...googleEndpoints(cloud), GOOGLE_APPLICATION_CREDENTIALS: key };
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await project.close();
  });

  const look = () => googleInventory("prod", gkeConfig({ project: PROJECT }), env);

  /** As the program makes them, with what a balancer's controller left behind. */
  async function fill(): Promise<void> {
    const labels = { "modelport-stack": "prod", "managed-by": "pulumi" };
    const network = await project.make(TOKENS.network, {
      name: "modelport-prod",
      autoCreateSubnetworks: false,
    });
    const subnetwork = await project.subnetwork(network, { name: "modelport-prod" });
    await project.make(TOKENS.router, { name: "modelport-prod", region: REGION, network });
    await project.make(TOKENS.address, { name: "modelport-prod-iris", region: REGION, labels });
    await project.make(TOKENS.account, { accountId: "modelport-prod" });
    const member = `serviceAccount:modelport-prod@${PROJECT}.iam.gserviceaccount.com`;
    await project.make(TOKENS.member, { role: "roles/artifactregistry.reader", member });
    await project.make(TOKENS.repository, {
      location: REGION,
      repositoryId: "modelport-prod",
      format: "DOCKER",
      labels,
    });
    await project.make(TOKENS.cluster, {
      name: "modelport-prod",
      location: REGION,
      network,
      subnetwork,
      deletionProtection: false,
      resourceLabels: labels,
      ipAllocationPolicy: {
        clusterSecondaryRangeName: "pods",
        servicesSecondaryRangeName: "services",
      },
    });
    const description = JSON.stringify({ "kubernetes.io/service-name": "modelport-prod/iris" });
    const name = "a0123456789abcdef0123456789abcde";
    left(RECORDS.forwardingRule, `regions/${REGION}/forwardingRules`, { name, description });
    left(RECORDS.targetPool, `regions/${REGION}/targetPools`, { name, description });
    left(RECORDS.firewall, "global/firewalls", {
      name: `k8s-fw-${name}`,
      project: PROJECT,
      network,
    });
  }

  const left = (kind: string, at: string, outputs: Values & { name: string }) =>
    project.cloud.record(kind, `projects/${PROJECT}/${at}/${outputs.name}`, outputs);

  /** What the plugin's resources are called in lists. */
  const removable: Readonly<Record<string, (found: Found) => [token: string, id: string]>> = {
    cluster: ({ name, place }) => [
      TOKENS.cluster,
      `projects/${PROJECT}/locations/${place}/clusters/${name}`,
    ],
    address: ({ name }) => [TOKENS.address, regional("addresses", name)],
    router: ({ name }) => [TOKENS.router, regional("routers", name)],
    subnetwork: ({ name }) => [TOKENS.subnetwork, regional("subnetworks", name)],
    network: ({ name }) => [TOKENS.network, `projects/${PROJECT}/global/networks/${name}`],
    "forwarding rule": ({ name }) => [RECORDS.forwardingRule, regional("forwardingRules", name)],
    "target pool": ({ name }) => [RECORDS.targetPool, regional("targetPools", name)],
    "firewall rule": ({ name }) => [
      RECORDS.firewall,
      `projects/${PROJECT}/global/firewalls/${name}`,
    ],
    "image repository": ({ name, place }) => [
      TOKENS.repository,
      `projects/${PROJECT}/locations/${place}/repositories/${name}`,
    ],
    "service account": ({ name }) => [
      TOKENS.account,
      `projects/${PROJECT}/serviceAccounts/${name}`,
    ],
  };
  const regional = (kind: string, name: string) =>
    `projects/${PROJECT}/regions/${REGION}/${kind}/${name}`;

  async function remove(found: Found): Promise<void> {
    const [token, id] = removable[found.kind]?.(found) ?? ["", ""];
    const [kind] = Object.values(RECORDS).filter((record) => record === token);
    if (kind !== undefined) project.cloud.store.remove({ kind, id });
    else await project.remove(token, id);
  }

  it("is empty before and after, and finds all between", async () => {
    const before = await look();
    assert.deepEqual([before.found, before.unseen], [[], []]);
    await fill();
    const { found } = await look();
    assert.deepEqual(
      found.map(({ kind }) => kind),
      [
        ...["cluster", "forwarding rule", "target pool", "address", "firewall rule", "router"],
        ...["subnetwork", "network", "image repository", "role binding", "service account"],
      ],
    );
    for (const thing of found) if (thing.kind !== "role binding") await remove(thing);
    const after = await look();
    assert.deepEqual(kindsOf(after), ["role binding"]);
    assert.match(after.found[0]?.remove ?? "", /--member 'deleted:serviceAccount:modelport-prod@/);
  });

  it("lists what must go first before it: the other way round is refused", async () => {
    await fill();
    const { found } = await look();
    const network = found.find(({ kind }) => kind === "network");
    assert.ok(network);
    await assert.rejects(remove(network), /already being used by/);
  });

  it("names what is left on purpose", async () => {
    await fill();
    for (const thing of (await look()).found)
      if (!["role binding", "firewall rule", "network"].includes(thing.kind)) await remove(thing);
    assert.deepEqual(kindsOf(await look()), ["firewall rule", "network", "role binding"]);
  });

  it("can't tell without the right, or with a token that is over", async () => {
    project.cloud.faults.condition("permission-denied", "container.clusters.list");
    const { unseen } = await look();
    assert.deepEqual(
      unseen.map(({ kinds }) => kinds),
      ["clusters"],
    );
    project.cloud.faults.condition("expired", true);
    assert.deepEqual((await look()).looked, []);
  });
});

describe("the inventory of the simulated IBM Cloud", () => {
  let account: TestAccount;
  let server: http.Server;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    account = new TestAccount();
    server = await serveJson(0, (request) =>
      ibm.rest({ ...request, path: request.path.slice("/ibm".length) }, account.cloud),
    );
    const { port } = server.address() as AddressInfo;
    env = { IC_API_KEY: userKey(account.cloud) };
    for (const [name, url] of Object.entries(ibmEndpoints(account.cloud)))
      env[name] = url.replace(account.cloud.url, `http://127.0.0.1:${port}`);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const look = () => ibmInventory("prod", ibmConfig({ region: "us-south" }, "openshift"), env);

  /** As the program makes them, with what a cluster left behind. */
  async function fill(): Promise<void> {
    const tags = ["modelport", "modelport-stack:prod"];
    const vpc = await account.make(tokens.VPC, { name: "modelport-prod", tags });
    const zone = { name: "modelport-prod-us-south-1", zone: "us-south-1", vpc, tags };
    const publicGateway = await account.make(tokens.PUBLIC_GATEWAY, zone);
    const subnet = await account.make(tokens.SUBNET, {
      ...zone,
      totalIpv4AddressCount: 256,
      publicGateway,
    });
    await account.make(tokens.NAMESPACE, { name: "acme-models", tags });
    const description = "Pulls the images of modelport's stack prod in us-south";
    const id = await account.make(tokens.SERVICE_ID, { name: "modelport-prod-pull", description });
    await account.make(tokens.SERVICE_POLICY, {
      iamServiceId: id,
      roles: ["Reader"],
      resources: { service: "container-registry" },
      description,
    });
    await account.make(tokens.SERVICE_API_KEY, {
      ...{ name: "modelport-prod-pull", iamServiceId: `iam-${id}`, description },
    });
    await account.make(tokens.RESOURCE_INSTANCE, {
      name: "modelport-prod-us-south-registry",
      service: "cloud-object-storage",
      plan: "standard",
      location: "global",
      tags,
    });
    const { id: cluster } = account.cluster({ name: "modelport-prod" });
    for (const workerPoolName of ["default", "gpu"])
      await account.make(tokens.VPC_WORKER_POOL, { cluster, workerPoolName });
    const { cloud } = account;
    cloud.record(tokens.LOAD_BALANCER, "lb", { name: "kube-c0-1", subnets: [subnet] });
    cloud.record(tokens.SECURITY_GROUP, "sg", { name: "kube-c0", vpc });
    cloud.record(tokens.VOLUME, "volume", {
      name: "pvc-1",
      zone: "us-south-1",
      userTags: ["clusterid:c0testcluster0000000", "namespace:modelport-prod"],
    });
  }

  const KINDS: Readonly<Record<string, string>> = {
    "worker pool": tokens.WORKER_POOL,
    cluster: tokens.VPC_CLUSTER,
    volume: tokens.VOLUME,
    "load balancer": tokens.LOAD_BALANCER,
    subnet: tokens.SUBNET,
    "public gateway": tokens.PUBLIC_GATEWAY,
    "security group": tokens.SECURITY_GROUP,
    VPC: tokens.VPC,
    "object storage": tokens.RESOURCE_INSTANCE,
    "API key": tokens.SERVICE_API_KEY,
    "service ID": tokens.SERVICE_ID,
    "registry namespace": tokens.NAMESPACE,
  };

  /** Those of the network by its rules; the rest as it is. */
  async function remove({ kind, id, name }: Found): Promise<void> {
    const token = KINDS[kind] ?? "";
    if (["subnet", "public gateway", "VPC"].includes(kind))
      await account.operations.remove({ token, id: id ?? name });
    else account.cloud.store.remove({ kind: token, id: id ?? name });
  }

  it("is empty before and after, and finds all between", async () => {
    const before = await look();
    assert.deepEqual([before.found, before.unseen], [[], []]);
    await fill();
    const { found } = await look();
    assert.deepEqual(
      found.map(({ kind }) => kind),
      [
        ...["worker pool", "cluster", "volume", "load balancer", "subnet", "public gateway"],
        ...["security group", "VPC", "object storage", "API key", "policy", "service ID"],
        "registry namespace",
      ],
    );
    for (const thing of found) if (thing.kind !== "policy") await remove(thing);
    assert.deepEqual(kindsOf(await look()), ["policy"]);
  });

  it("lists what must go first before it: the other way round is refused", async () => {
    await fill();
    const { found } = await look();
    for (const kind of ["public gateway", "VPC"]) {
      const thing = found.find((one) => one.kind === kind);
      assert.ok(thing);
      await assert.rejects(remove(thing), /in use/);
    }
  });

  it("can't tell without the right, or with a key that was revoked", async () => {
    account.cloud.faults.condition("permission-denied", "registry");
    const { unseen } = await look();
    assert.deepEqual(
      unseen.map(({ kinds }) => kinds),
      ["registry namespaces"],
    );
    account.cloud.faults.condition("revoked", true);
    assert.deepEqual((await look()).looked, []);
  });
});
