import * as assert from "node:assert/strict";
import type { Found, Inventory } from "../../cli/inventory/found";
import { Canaries } from "./support/canaries";
import type { CloudsUnderTest } from "./support/clouds";
import { refused } from "./support/refusal";
import { StackUnderTest } from "./support/stack";
import { Worlds } from "./support/worlds";
import { gke } from "./targets/gke";

const AT = "projects/simulated-project";
const FIREWALL = { kind: "google:firewall", id: `${AT}/global/firewalls/k8s-left-node-http-hc` };
const DISK = { kind: "google:disk", id: `${AT}/zones/us-central1-b/disks/pvc-left` };

/** Three seconds, of simulated clouds that take a fiftieth of the usual time. */
const IN_HASTE = ["--patience", "0.05"];

const REMOVE_FIREWALL =
  /gcloud compute firewall-rules delete k8s-left-node-http-hc --project simulated-project --quiet/;
const REMOVE_DISK =
  /gcloud compute disks delete pvc-left --zone us-central1-b --project simulated-project --quiet/;

/** What Kubernetes' controllers make, Pulumi doesn't know; here it is made by hand. */
describe("a stack that leaves something behind", function () {
  this.timeout(300_000);
  const worlds = new Worlds();
  let clouds: CloudsUnderTest;
  let stack: StackUnderTest;

  before(async () => {
    clouds = await worlds.clouds();
    const { config } = await gke.prepare(worlds, new Canaries());
    stack = new StackUnderTest(clouds.world, gke.stack);
    stack.write({ ...config, services: { iris: { models: ["iris"], replicas: 1 } } });
    await stack.up();
  });
  after(() => worlds.stop());

  const forget = ({ kind, id }: { kind: string; id: string }) =>
    clouds.control("POST", "delete", { token: kind, id, force: true });

  async function found(): Promise<readonly Found[]> {
    const { stdout } = await stack.succeed(["inventory", "--json"]);
    return (JSON.parse(stdout) as Inventory).found;
  }

  it("is known to its cloud while it is up, by every kind", async () => {
    const kinds = (await found()).map(({ kind }) => kind);
    for (const kind of ["cluster", "forwarding rule", "network", "image repository"])
      assert.ok(kinds.includes(kind), kinds.join(", "));
  });

  it("is not taken away while something holds its network, and says what", async () => {
    const network = `${AT}/global/networks/modelport-gke`;
    await clouds.control("POST", "record", {
      ...FIREWALL,
      outputs: { name: "k8s-left-node-http-hc", project: "simulated-project", network },
    });
    const labels = { "goog-k8s-cluster-name": "modelport-gke" };
    await clouds.control("POST", "record", { ...DISK, outputs: { name: "pvc-left", labels } });
    await refused(
      stack,
      ["down", ...IN_HASTE],
      [/something of it is still used/, /is already being used by/, REMOVE_FIREWALL, REMOVE_DISK],
    );
  });

  it("is not said to be gone while a disk is left, which held nothing", async () => {
    await forget(FIREWALL);
    await refused(
      stack,
      ["down", ...IN_HASTE],
      [/error: 1 of stack gke left in Google Cloud, project simulated-project\n/, REMOVE_DISK],
    );
    assert.deepEqual(
      (await found()).map(({ kind, name }) => [kind, name]),
      [["disk", "pvc-left"]],
    );
  });

  it("is looked for without a state too", async () => {
    await stack.pulumi("stack", "rm", "--yes", "--preserve-config");
    await refused(stack, ["down"], [/left in Google Cloud/, REMOVE_DISK]);
  });

  it("is gone when the cloud says so", async () => {
    await forget(DISK);
    const { stderr } = await stack.succeed(["down"]);
    assert.match(stderr, /nothing is left in Google Cloud, project simulated-project: \d+ kinds/);
    assert.deepEqual(await found(), []);
  });
});
