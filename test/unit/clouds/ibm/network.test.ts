import * as assert from "node:assert/strict";
import { joinNetwork, leaveNetwork } from "../../../support/clouds/ibm/cluster-network";
import { recordBalancer, removeBalancer } from "../../../support/clouds/ibm/balancer-records";
import * as tokens from "../../../support/clouds/ibm/tokens";
import { TestAccount } from "./support/account";

const ZONE = "us-south-1";

describe("the simulated IBM Cloud's network", () => {
  let account: TestAccount;
  let vpc: string;
  beforeEach(async () => {
    account = new TestAccount();
    vpc = await account.make(tokens.VPC, { name: "test" });
  });

  const subnet = (inputs = {}) =>
    account.make(tokens.SUBNET, { name: "s", vpc, zone: ZONE, ...inputs });
  const remove = (token: string, id: string) => account.operations.remove({ token, id });

  it("keeps a VPC that has a subnet, and names it", async () => {
    const id = await subnet();
    await assert.rejects(remove(tokens.VPC, vpc), {
      message: `DeleteVPCWithContext failed: The VPC is in use and cannot be deleted. Subnets [${id}]`,
    });
    await remove(tokens.SUBNET, id);
    await remove(tokens.VPC, vpc);
    assert.deepEqual(account.cloud.store.list(tokens.VPC), []);
  });

  it("keeps a public gateway that a subnet uses", async () => {
    const gateway = await account.make(tokens.PUBLIC_GATEWAY, { name: "g", vpc, zone: ZONE });
    const id = await subnet({ publicGateway: gateway });
    await assert.rejects(
      remove(tokens.PUBLIC_GATEWAY, gateway),
      /DeletePublicGatewayWithContext failed: Cannot delete a public gateway when it is in use\./,
    );
    await remove(tokens.SUBNET, id);
    await remove(tokens.PUBLIC_GATEWAY, gateway);
  });

  it("keeps a subnet with workers, until some time after they are gone", async () => {
    const id = await subnet();
    const cluster = account.cluster({ vpcId: vpc, zones: [{ name: ZONE, subnetId: id }] });
    joinNetwork(cluster, account.cloud);
    const inUse =
      /DeleteSubnetWithContext on retry failed: Cannot delete the subnet while it is in use by one or more network interfaces\..*instances:07/;
    await assert.rejects(remove(tokens.SUBNET, id), inUse);
    // Longer than a deletion is tried.
    await leaveNetwork(cluster, account.at(60));
    await assert.rejects(remove(tokens.SUBNET, id), inUse);
    account.wait(2 * 3600);
    await remove(tokens.SUBNET, id);
  });

  it("waits for interfaces that are released while it deletes", async () => {
    const id = await subnet();
    const cluster = account.cluster({ vpcId: vpc, zones: [{ name: ZONE, subnetId: id }] });
    joinNetwork(cluster, account.cloud);
    await leaveNetwork(cluster, account.cloud);
    await remove(tokens.SUBNET, id);
    assert.deepEqual(account.cloud.store.list(tokens.SUBNET), []);
  });

  it("keeps a subnet with a load balancer", async () => {
    const id = await subnet();
    const balancer = recordBalancer(account.cloud, {
      region: "us-south",
      vpc,
      subnets: [id],
      owner: { cluster: "c1" },
      kind: "alb",
      scope: "public",
    });
    await assert.rejects(remove(tokens.SUBNET, id), new RegExp(`load_balancers:${balancer.id}`));
    await removeBalancer(balancer, account.cloud);
    await remove(tokens.SUBNET, id);
  });

  it("leaves a load balancer with a name of its own behind when its cluster goes", async () => {
    const id = await subnet();
    const cluster = account.cluster({ vpcId: vpc, zones: [{ name: ZONE, subnetId: id }] });
    const args = { region: "us-south", vpc, subnets: [id], owner: { cluster: cluster.id } };
    recordBalancer(account.cloud, { ...args, kind: "alb", scope: "public" });
    recordBalancer(account.cloud, { ...args, kind: "alb", scope: "public", name: "kept" });
    await leaveNetwork(cluster, account.cloud);
    const left = account.cloud.store.list(tokens.LOAD_BALANCER);
    assert.deepEqual(
      left.map(({ outputs }) => outputs["name"]),
      ["kept"],
    );
  });

  it("gives a name once, a gateway once a zone, and takes only what is there", async () => {
    await assert.rejects(account.make(tokens.VPC, { name: "test" }), {
      message: "CreateVPCWithContext failed: Provided Name (test) is not unique",
    });
    await account.make(tokens.PUBLIC_GATEWAY, { name: "g", vpc, zone: ZONE });
    await assert.rejects(
      account.make(tokens.PUBLIC_GATEWAY, { name: "h", vpc, zone: ZONE }),
      /already has a public gateway/,
    );
    await assert.rejects(subnet({ vpc: "r006-none" }), /VPC not found/);
    await assert.rejects(subnet({ publicGateway: "r006-none" }), /Public Gateway not found/);
    await assert.rejects(subnet({ totalIpv4AddressCount: 100 }), /not a power of two/);
  });
});
