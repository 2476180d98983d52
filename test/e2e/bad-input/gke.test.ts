import * as assert from "node:assert/strict";
import type { CloudsUnderTest } from "../support/clouds";
import { added, eventually } from "../support/eventually";
import { forgetTraining, retrain } from "../support/retrained";
import { refused } from "../support/refusal";
import { worlds } from "../support/shared-worlds";
import { StackUnderTest } from "../support/stack";
import { gke } from "../targets/gke";
import { Canaries } from "../support/canaries";
import type { Surroundings } from "../targets/target";

const PROJECT = "simulated-project";
const CLUSTER = "gcp:container/cluster:Cluster";
const ROUTER = "gcp:compute/router:Router";
/** What Google makes for a Service, and leaves when the cluster goes before it. */
const BALANCER = [
  "google:forwardingRule",
  "google:backendService",
  "google:targetPool",
  "google:healthCheck",
  "google:httpHealthCheck",
  "google:firewall",
];

/** What Google Cloud refuses, one after the other, on one stack: each time the next `up` goes on from there. */
describe("a stack on gke says what is wrong, and how it is mended", function () {
  this.timeout(1_200_000);
  const canaries = new Canaries();
  let clouds: CloudsUnderTest;
  let place: Surroundings;
  let stack: StackUnderTest;
  let inventory: string[];

  const write = (service: object = {}) => {
    const section = { project: PROJECT, deletionProtection: false, kubeconfig: "token" };
    const iris = { models: ["iris"], replicas: 1, exposure: "LoadBalancer", ...service };
    stack.write({ target: "gke", gke: section, services: { iris } });
  };

  // A case that fails must not hold the cluster.
  after(() => stack.modelport(["down"]));

  before(async () => {
    clouds = await worlds.clouds();
    place = await gke.prepare(worlds, canaries);
    forgetTraining(clouds.world);
    inventory = await place.inventory();
    stack = new StackUnderTest(clouds.world, gke.stack);
    write();
  });

  afterEach(() => clouds.control("DELETE", "faults"));

  const condition = (name: string, value: string | true = true) =>
    clouds.control("POST", "conditions", { name, value });

  it("a key that was revoked", async () => {
    await condition("revoked");
    await refused(stack, ["up"], [/invalid_grant/, /fix: .*GOOGLE_APPLICATION_CREDENTIALS=/]);
  });

  it("an API that is not enabled", async () => {
    await condition("api-disabled", "compute");
    const enable =
      /fix: gcloud services enable compute\.googleapis\.com --project simulated-project/;
    await refused(stack, ["up"], [/Compute Engine API has not been used in project/, enable]);
  });

  it("a role that is missing", async () => {
    await condition("permission-denied", "compute.networks.create");
    await refused(
      stack,
      ["up"],
      [/Required 'compute\.networks\.create' permission/, /fix: .*role/],
    );
  });

  it("a quota that is exceeded", async () => {
    await condition("quota", "SSD_TOTAL_GB");
    await refused(stack, ["up"], [/SSD_TOTAL_GB/, /fix: ask for more at https:.*quotas/]);
  });

  it("a load balancer that never gets an address", async () => {
    await condition("withhold-address");
    write({ addressSeconds: 5 });
    const says = [/iris was given no address by its LoadBalancer/, /FORWARDING_RULES/, /fix: /];
    await refused(stack, ["up"], says);
    write();
  });

  it("comes up once nothing is in its way", async () => {
    await stack.up();
    const { stderr } = await stack.succeed(["up"]);
    assert.doesNotMatch(stderr, /created|deleted/);
  });

  it("a registry that is full, while the old version serves", async () => {
    await condition("registry-full");
    retrain(clouds.world);
    const quota = /Quota exceeded for quota metric 'Storage'/;
    await refused(stack, ["up"], [quota, /fix: ask for more at https:.*quotas/]);
    const predict = ["predict", "iris", "[5.1,3.5,1.4,0.2]"];
    assert.match((await stack.succeed(predict)).stdout, /"version":"1"/);
    await clouds.control("DELETE", "faults");
    await stack.up();
    // A pod from before may still be in the act of ending.
    await eventually(async () =>
      assert.match((await stack.succeed(predict)).stdout, /"version":"2"/),
    );
  });

  it("a login that has expired", async () => {
    await clouds.control("POST", "advance", { seconds: 3700 });
    const says = [/cluster refuses the login/, /fix: npm run up/];
    // The API server knows a good token for ten seconds.
    await eventually(() => refused(stack, ["status"], says));
    await stack.up();
    await stack.succeed(["status"]);
  });

  it("a cluster that somebody deleted, and a router that somebody made", async () => {
    const [cluster] = await clouds.idsOf(CLUSTER);
    await clouds.control("POST", "delete", { token: CLUSTER, id: cluster });
    await refused(stack, ["status"], [/cluster doesn't answer/]);
    const gone = /fix: .*inventory --stack gke .*npm run down -- --stack gke/;
    write({ addressSeconds: 5 });
    await refused(stack, ["up"], [/cluster is unreachable|cluster doesn't answer/, gone]);
    const network = "projects/simulated-project/global/networks/modelport-gke";
    const router = { project: PROJECT, region: "us-central1", name: "by-hand", network };
    await clouds.control("POST", "create", { token: ROUTER, inputs: router });
    const says = [/router by-hand/, /gcloud compute routers delete by-hand/];
    const told = await refused(stack, ["down"], says);
    // Nothing is left that would remove its balancer.
    assert.doesNotMatch(told, /the cloud has not released all of it, again/);
    // As the commands would.
    for (const token of [ROUTER, ...BALANCER])
      for (const id of await clouds.idsOf(token))
        await clouds.control("POST", "delete", { token, id, force: true });
    await stack.succeed(["down"]);
    // What was in the cluster went with it.
    await eventually(async () => {
      const left = added(inventory, await place.inventory());
      assert.deepEqual(
        left.filter((one) => !one.startsWith("left in the cluster: ")),
        [],
      );
    });
  });
});
