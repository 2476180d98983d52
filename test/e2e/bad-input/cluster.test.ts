import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Canaries } from "../support/canaries";
import { added, eventually } from "../support/eventually";
import { ClusterAccess } from "../support/kubernetes";
import { refused } from "../support/refusal";
import { worlds } from "../support/shared-worlds";
import { StackUnderTest } from "../support/stack";
import { existing } from "../targets/existing";
import type { Surroundings } from "../targets/target";

/** What a cluster refuses, whoever's it is. */
describe("a stack says what its cluster does not let it do", function () {
  this.timeout(1_200_000);
  let place: Surroundings;
  let stack: StackUnderTest;
  let cluster: ClusterAccess;
  let inventory: string[];

  // A case that fails must not hold the cluster.
  after(() => stack.modelport(["down"]));

  before(async () => {
    place = await existing.prepare(worlds, new Canaries());
    stack = new StackUnderTest(place.world, existing.stack);
    cluster = new ClusterAccess(place.kubeconfig());
    inventory = await place.inventory();
    const { registry, ...section } = place.config["existing"] as {
      registry: { server: string };
    };
    stack.write({
      ...place.config,
      existing: { ...section, registry: { server: registry.server } },
      services: { iris: { models: ["iris"], replicas: 1 } },
    });
  });

  it("a namespace that stays Terminating, since somebody's finalizer is in it", async () => {
    const namespace = "modelport-company";
    await stack.up();
    await cluster.hold(namespace);
    await beImpatient(namespace);
    const cause = /modelport-company is Terminating: .*configmaps.*example\.com\/never/;
    await refused(
      stack,
      ["down"],
      [cause, /fix: kubectl get configmaps[^]*kubectl patch configmaps/],
    );
    await cluster.release(namespace);
    await stack.succeed(["down"]);
    await eventually(async () => assert.deepEqual(added(inventory, await place.inventory()), []));
  });

  /** Ten minutes are Pulumi's default. */
  async function beImpatient(namespace: string): Promise<void> {
    interface State {
      deployment: { resources: { id?: string; customTimeouts?: object }[] };
    }
    const { stdout } = await stack.pulumi("stack", "export");
    const state = JSON.parse(stdout) as State;
    const found = state.deployment.resources.find(({ id }) => id === namespace);
    assert.ok(found, `no namespace ${namespace}`);
    found.customTimeouts = { delete: 20 };
    const file = path.join(place.world.folder, "state.json");
    fs.writeFileSync(file, JSON.stringify(state));
    await stack.pulumi("stack", "import", "--file", file);
  }
});
