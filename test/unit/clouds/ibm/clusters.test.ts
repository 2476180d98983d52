import * as assert from "node:assert/strict";
import { classicCluster } from "../../../support/clouds/ibm/clusters";
import { addDefaultPool } from "../../../support/clouds/ibm/pools";
import * as tokens from "../../../support/clouds/ibm/tokens";
import { TestAccount } from "./support/account";

const ZONE = "us-south-1";

describe("the simulated IBM Cloud's clusters", () => {
  let account: TestAccount;
  let inputs: { vpcId: string; zones: object[]; name: string; flavor: string };
  beforeEach(async () => {
    account = new TestAccount();
    const vpcId = await account.make(tokens.VPC, { name: "test" });
    const subnetId = await account.make(tokens.SUBNET, { name: "s", vpc: vpcId, zone: ZONE });
    inputs = { name: "test", vpcId, flavor: "bx2.2x8", zones: [{ name: ZONE, subnetId }] };
  });

  const make = (more: object = {}) => account.make(tokens.VPC_CLUSTER, { ...inputs, ...more });

  it("refuses a name that another cluster has", async () => {
    account.cluster({ name: "test" });
    await assert.rejects(
      make(),
      /status code: 409.*"code":"E0007","description":"A cluster with the same name already exists\. Choose another name\."/,
    );
  });

  it("refuses classic infrastructure, unless the account has a cluster there", async () => {
    const classic = { name: "test", datacenter: "fra02", hardware: "shared" };
    await assert.rejects(
      account.make(tokens.CLASSIC_CLUSTER, classic),
      /"code":"E501e","description":"Classic cluster creation is not supported in regions that do not have existing classic clusters\."/,
    );
    account.cloud.faults.condition("classic-open", true);
    const made = await classicCluster.create(classic, account.cloud);
    assert.equal(made.outputs["region"], "eu-de");
  });

  it("refuses OpenShift with less than two workers, or without object storage", async () => {
    const openshift = { kubeVersion: "4.20_openshift" };
    await assert.rejects(
      make({ ...openshift, workerCount: 1 }),
      /minimum requirement of 2 workers/,
    );
    await assert.rejects(
      make({ ...openshift, workerCount: 2 }),
      /Object Storage instance is required/,
    );
    const cosInstanceCrn = "crn:v1:bluemix:public:cloud-object-storage:global:a/1:2::";
    await assert.rejects(
      make({ ...openshift, workerCount: 2, cosInstanceCrn }),
      /Object Storage instance could not be found/,
    );
  });

  it("refuses a subnet of another zone, and a VPC that isn't there", async () => {
    const [zone] = inputs.zones;
    await assert.rejects(make({ zones: [{ ...zone, name: "us-south-2" }] }), /zone us-south-2/);
    await assert.rejects(make({ vpcId: "r006-none" }), /The specified VPC could not be found/);
  });

  it("keeps the last pool of a cluster, unless it is only to be forgotten", async () => {
    const cluster = account.cluster({ ...inputs, workerCount: 2, kubeVersion: "4.20_openshift" });
    addDefaultPool(cluster, account.cloud);
    const pool = {
      ...{ cluster: cluster.id, vpcId: inputs.vpcId, flavor: "bx2.4x16", zones: inputs.zones },
      ...{ workerPoolName: "default", workerCount: 2, importOnCreate: true },
    };
    const token = tokens.VPC_WORKER_POOL;
    const id = await account.make(token, pool);
    assert.match(id, new RegExp(`^${cluster.id}/${cluster.id}-`));
    await assert.rejects(
      account.operations.remove({ token, id }),
      /"code":"E1437".*below the cluster's minimum requirement of 2 workers/,
    );
    await account.operations.update({ token, id, inputs: { ...pool, orphanOnDelete: true } });
    await account.operations.remove({ token, id });
    assert.equal(account.cloud.store.list(tokens.WORKER_POOL).length, 1);
  });

  it("refuses a second pool of a name, and one of a cluster that isn't there", async () => {
    const cluster = account.cluster(inputs);
    addDefaultPool(cluster, account.cloud);
    const pool = { cluster: cluster.id, workerPoolName: "default", workerCount: 1 };
    await assert.rejects(
      account.make(tokens.VPC_WORKER_POOL, pool),
      /A worker pool with the same name already exists/,
    );
    await assert.rejects(
      account.make(tokens.VPC_WORKER_POOL, { ...pool, cluster: "none" }),
      /"code":"G0004","description":"The specified cluster could not be found/,
    );
  });

  it("tells no login of a cluster that isn't there", async () => {
    const token = "ibm:index/getContainerClusterConfig:getContainerClusterConfig";
    await assert.rejects(
      account.operations.invoke({ token, inputs: { clusterNameId: "gone", admin: true } }),
      /Error downloading the cluster config \[gone\]: Request failed with status code: 404/,
    );
  });

  it("refuses inputs that the SDK doesn't have, and add-ons that there are none of", async () => {
    const { failures } = account.operations.check({
      token: tokens.VPC_CLUSTER,
      name: "cluster",
      inputs: { ...inputs, workers: 2 },
      old: undefined,
    });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["workers"],
    );
    const { id: cluster } = account.cluster(inputs);
    await assert.rejects(
      account.make(tokens.ADDONS, { cluster, addons: [{ name: "autoscaler" }] }),
      /The specified add-on could not be found: autoscaler/,
    );
  });
});
