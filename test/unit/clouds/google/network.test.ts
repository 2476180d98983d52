import * as assert from "node:assert/strict";
import { overlap } from "../../../support/clouds/google/network";
import { RECORDS, selfLink, TOKENS } from "../../../support/clouds/google/names";
import { REGION, TestProject } from "./support/project";

describe("the simulated Google Cloud's network", () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await TestProject.start();
  });
  afterEach(() => project.close());

  it("refuses a name that is taken", async () => {
    await project.network();
    await assert.rejects(project.network(), {
      message:
        "Error creating Network: googleapi: Error 409: The resource 'projects/simulated-project/global/networks/net' already exists, alreadyExists",
    });
  });

  it("keeps a network while subnetworks, routers or firewalls use it", async () => {
    const network = await project.network();
    const inUse = (by: string) => ({
      message: `Error waiting for Deleting Network: The network resource '${network}' is already being used by '${by}'`,
    });
    const subnetwork = await project.subnetwork(network);
    await assert.rejects(project.remove(TOKENS.network, network), inUse(subnetwork));
    await project.remove(TOKENS.subnetwork, subnetwork);
    const router = await project.make(TOKENS.router, { name: "r", region: REGION, network });
    await assert.rejects(project.remove(TOKENS.network, network), inUse(router));
    await project.remove(TOKENS.router, router);
    const firewall = "projects/simulated-project/global/firewalls/k8s-1-node-http-hc";
    project.cloud.record(RECORDS.firewall, firewall, { network: selfLink(network) });
    await assert.rejects(project.remove(TOKENS.network, network), inUse(firewall));
    project.cloud.store.remove({ kind: RECORDS.firewall, id: firewall });
    await project.remove(TOKENS.network, network);
    assert.deepEqual(project.cloud.store.list(), []);
  });

  it("makes nothing in a network that isn't there", async () => {
    await assert.rejects(
      project.subnetwork("projects/simulated-project/global/networks/none"),
      /Error creating Subnetwork: googleapi: Error 404: The resource '.*none' was not found, notFound/,
    );
    await assert.rejects(
      project.make(TOKENS.routerNat, { name: "n", region: REGION, router: "none" }),
      /Error creating RouterNat: googleapi: Error 404/,
    );
  });

  it("refuses ranges that overlap, secondary ones too", async () => {
    const network = await project.network();
    await project.subnetwork(network);
    await assert.rejects(
      project.subnetwork(network, {
        name: "other",
        ipCidrRange: "10.5.0.0/20",
        secondaryIpRanges: [],
      }),
      {
        message:
          "Error creating Subnetwork: googleapi: Error 400: Invalid value for field 'resource.ipCidrRange': '10.5.0.0/20'. " +
          "Invalid IPCidrRange: 10.5.0.0/20 conflicts with existing subnetwork 'nodes' in region 'us-central1'., invalid",
      },
    );
    await assert.rejects(
      project.subnetwork(network, {
        name: "own",
        ipCidrRange: "172.16.0.0/20",
        secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "172.16.8.0/24" }],
      }),
      /resource.secondaryIpRanges\[0\].ipCidrRange/,
    );
    assert.ok(!overlap("10.0.0.0/20", "10.0.16.0/20"));
  });

  it("keeps a subnetwork with machines in it", async () => {
    await project.cluster();
    const id = `projects/simulated-project/regions/${REGION}/subnetworks/nodes`;
    await assert.rejects(
      project.remove(TOKENS.subnetwork, id),
      /Error waiting for Deleting Subnetwork: The subnetwork resource '.*' is already being used by '.*\/instances\/gke-c-/,
    );
  });

  it("takes a router's NATs along", async () => {
    const network = await project.network();
    const router = await project.make(TOKENS.router, { name: "r", region: REGION, network });
    await project.make(TOKENS.routerNat, { name: "n", region: REGION, router: "r" });
    await project.remove(TOKENS.router, router);
    assert.deepEqual(project.cloud.store.list(TOKENS.routerNat), []);
  });

  it("keeps an address that a balancer has", async () => {
    const id = await project.make(TOKENS.address, { name: "a", region: REGION });
    const { address } = project.cloud.store.find(TOKENS.address, id)?.outputs ?? {};
    const rule = `projects/simulated-project/regions/${REGION}/forwardingRules/f`;
    project.cloud.record(RECORDS.forwardingRule, rule, { IPAddress: address });
    await assert.rejects(project.remove(TOKENS.address, id), {
      message: `Error when reading or editing Address: googleapi: Error 400: The address resource '${id}' is already being used by '${rule}', resourceInUseByAnotherResource`,
    });
  });

  it("knows the conditions quota and permission-denied", async () => {
    project.cloud.faults.condition("quota", "NETWORKS");
    await assert.rejects(project.network(), {
      message:
        "Error creating Network: googleapi: Error 403: Quota 'NETWORKS' exceeded.  Limit: 0.0 globally., quotaExceeded",
    });
    project.cloud.faults.condition("quota", "STATIC_ADDRESSES");
    await assert.rejects(
      project.make(TOKENS.address, { name: "a", region: REGION }),
      /Quota 'STATIC_ADDRESSES' exceeded.  Limit: 0.0 in region us-central1/,
    );
    project.cloud.faults.condition("permission-denied", "compute.networks.create");
    await assert.rejects(project.network(), {
      message:
        "Error creating Network: googleapi: Error 403: Required 'compute.networks.create' permission for 'projects/simulated-project/global/networks/net', forbidden",
    });
    project.cloud.faults.clear();
    await project.network();
  });
});
