import * as assert from "node:assert/strict";
import { Canaries } from "../support/canaries";
import type { CloudsUnderTest } from "../support/clouds";
import { added, eventually } from "../support/eventually";
import { forgetTraining, retrain } from "../support/retrained";
import { refused } from "../support/refusal";
import { worlds } from "../support/shared-worlds";
import { StackUnderTest } from "../support/stack";
import { iks } from "../targets/iks";
import type { Surroundings } from "../targets/target";

/** What IBM Cloud refuses, one after the other, on one stack: each time the next command goes on from there. */
describe("a stack on iks says what is wrong, and how it is mended", function () {
  this.timeout(1_200_000);
  let clouds: CloudsUnderTest;
  let place: Surroundings;
  let stack: StackUnderTest;
  let inventory: string[];

  const write = (section: object = {}) =>
    stack.write({
      ...place.config,
      iks: { ...(place.config["iks"] as object), ...section },
      services: { iris: { models: ["iris"], replicas: 1, exposure: "NodePort" } },
    });

  // A case that fails must not hold the cluster.
  after(() => stack.modelport(["down"]));

  before(async () => {
    clouds = await worlds.clouds();
    place = await iks.prepare(worlds, new Canaries());
    forgetTraining(clouds.world);
    inventory = await place.inventory();
    stack = new StackUnderTest(clouds.world, iks.stack);
    write();
  });

  afterEach(() => clouds.control("DELETE", "faults"));

  const condition = (name: string, value: string | true = true) =>
    clouds.control("POST", "conditions", { name, value });

  it("an account with as many service IDs as it may have", async () => {
    await condition("quota", "serviceids");
    await refused(stack, ["up"], [/maximum number of service IDs/, /fix: .*service-id-delete/]);
  });

  it("classic infrastructure, which is closed to newcomers", async () => {
    write({ infrastructure: "classic", classic: { datacenter: "dal10" } });
    const env = { ...clouds.world.env, IAAS_CLASSIC_USERNAME: "user", IAAS_CLASSIC_API_KEY: "key" };
    const way = /fix: .*pulumi config rm --path 'modelport:iks\.infrastructure' --stack iks/;
    await refused(stack, ["up"], [/E501e/, way], { env });
    write();
  });

  it("a registry that is full, while the old version serves", async () => {
    await stack.up();
    await condition("registry-full", "storage");
    retrain(clouds.world);
    await refused(stack, ["up"], [/exceeded its image storage quota/, /fix: .*plan-upgrade/]);
    const predict = ["predict", "iris", "[5.1,3.5,1.4,0.2]"];
    assert.match((await stack.succeed(predict)).stdout, /"version":"1"/);
  });

  it("a key that was revoked, after which `down` still takes everything away", async () => {
    await condition("revoked");
    const says = [/BXNIM0415E|API key could not be found/, /fix: [^]*export IC_API_KEY/];
    await refused(stack, ["up"], says);
    await refused(stack, ["down"], says);
    await clouds.control("DELETE", "faults");
    await stack.succeed(["down"]);
    await eventually(async () => assert.deepEqual(added(inventory, await place.inventory()), []));
  });
});
