import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { google } from "../../../support/clouds/google";
import { network } from "../../../support/clouds/google/network";
import { TOKENS } from "../../../support/clouds/google/names";
import type { Kind } from "../../../support/clouds/kind";
import { Operations } from "../../../support/clouds/operations";
import { UNKNOWN, type Values } from "../../../support/clouds/values";
import { TestProject } from "../google/support/project";

const TOKEN = TOKENS.network;

/** What every cloud does for its kinds of resources, by the example of Google's network. */
describe("operations of the simulated clouds", () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await TestProject.start();
  });
  afterEach(() => project.close());

  const check = (inputs: Values, old?: Values, token: string = TOKEN) =>
    project.operations.check({ token, name: "Net", inputs, old });
  const diff = (old: Values, inputs: Values) =>
    project.operations.diff({ token: TOKEN, old, inputs });

  describe("check", () => {
    it("refuses inputs that the SDK doesn't have, at any depth", () => {
      const { failures } = check({ name: "n", netmask: "1" });
      assert.deepEqual(failures, [
        {
          property: "netmask",
          reason: "Invalid or unknown key. Examine values at 'Net.netmask'.",
        },
      ]);
      const pool = check({ nodeConfig: { machine: "e2" } }, undefined, TOKENS.nodePool);
      assert.deepEqual(
        pool.failures.map(({ property }) => property),
        ["nodeConfig.machine"],
      );
      assert.deepEqual(check({ name: "n" }).failures, []);
    });

    it("makes a name up, once", () => {
      const { name } = check({}).inputs;
      assert.match(String(name), /^net-[0-9a-f]{7}$/);
      assert.equal(check({}, { name }).inputs["name"], name);
      assert.equal(check({ name: "own" }).inputs["name"], "own");
    });

    it("fills in the provider's configuration", () => {
      const caller = { environment: {}, config: { project: "p", region: "r" } };
      const { inputs } = project.operations
        .as(caller)
        .check({ token: TOKENS.subnetwork, name: "s", inputs: { region: "own" }, old: undefined });
      assert.deepEqual([inputs["project"], inputs["region"]], ["p", "own"]);
    });

    it("knows no other resource", () => {
      assert.throws(
        () => check({}, undefined, "gcp:compute/instance:Instance"),
        /has no resource gcp:compute\/instance:Instance/,
      );
    });
  });

  describe("diff", () => {
    it("is none for the same inputs, whatever the order of keys", () => {
      const nested = (labels: Values) => ({ name: "n", labels });
      assert.deepEqual(diff(nested({ a: 1, b: [2] }), nested({ b: [2], a: 1 })).changed, []);
    });

    it("replaces where the cloud can't change, deleting first a name that is used again", () => {
      assert.deepEqual(diff({ name: "n", mtu: 1460 }, { name: "n", mtu: 1500 }), {
        changed: ["mtu"],
        replaces: [],
        deleteBeforeReplace: false,
      });
      const [replaced = ""] = network.replaceOn.filter((key) => key === "autoCreateSubnetworks");
      const other = diff({ name: "n", [replaced]: true }, { name: "n", [replaced]: false });
      assert.deepEqual(other.replaces, ["autoCreateSubnetworks"]);
      assert.ok(other.deleteBeforeReplace);
      assert.ok(!diff({ name: "n" }, { name: "m" }).deleteBeforeReplace);
    });

    it("takes what is not known yet for a change", () => {
      assert.deepEqual(diff({ name: "n" }, { name: UNKNOWN }).replaces, ["name"]);
    });
  });

  describe("a preview", () => {
    it("makes nothing, and knows no output", () => {
      const inputs = { name: "c", controlPlaneEndpointsConfig: { ipEndpointsConfig: {} } };
      const outputs = project.operations.previewCreate({ token: TOKENS.cluster, inputs });
      assert.deepEqual(outputs["controlPlaneEndpointsConfig"], {
        ipEndpointsConfig: {},
        dnsEndpointConfig: { endpoint: UNKNOWN },
      });
      assert.equal("endpoint" in outputs, false);
      assert.deepEqual(project.cloud.store.list(), []);
    });

    it("of an update keeps the outputs that inputs are not among", () => {
      const outputs = { name: "n", mtu: 1, selfLink: "l" };
      const inputs = { name: "n", mtu: 2 };
      assert.deepEqual(project.operations.previewUpdate({ token: TOKEN, outputs, inputs }), {
        name: "n",
        mtu: 2,
        selfLink: "l",
      });
    });
  });

  describe("an operation", () => {
    it("that has begun goes on when nobody waits for it; reads and deletions wait", async () => {
      let finish: ((outputs: Values) => void) | undefined;
      let release: (() => void) | undefined;
      const begun = async (what: () => unknown): Promise<void> => {
        while (what() === undefined) await sleep(5);
      };
      const slow: Kind = {
        ...network,
        create: () => ({
          id: "slow",
          outputs: {},
          finish: () => new Promise((resolve) => (finish = resolve)),
        }),
        delete: () => undefined,
        deleted: () => new Promise((resolve) => (release = resolve)),
      };
      const operations = new Operations({ ...google, kinds: [slow] }, project.cloud);
      const resource = { token: TOKEN, id: "slow" };
      const state = () => project.cloud.store.find(TOKEN, "slow")?.state;

      const making = operations.create({ token: TOKEN, inputs: {} });
      await begun(() => finish);
      const reading = operations.read(resource);
      const removing = operations.remove(resource);
      await sleep(50);
      assert.equal(state(), "creating");
      finish?.({ made: true });
      await making;
      assert.equal((await reading)?.outputs["made"], true);
      await begun(() => release);
      const late = operations.read(resource);
      release?.();
      await removing;
      assert.equal(await late, undefined);
    });

    it("finds what is there by its id alone, and what is gone not at all", async () => {
      const id = await project.network();
      assert.equal((await project.operations.read({ token: TOKEN, id }))?.outputs["name"], "net");
      assert.equal(await project.operations.read({ token: TOKEN, id: "other" }), undefined);
      await project.remove(TOKEN, id);
      assert.equal(await project.operations.read({ token: TOKEN, id }), undefined);
      await project.remove(TOKEN, id);
    });

    it("fails as often as it was told to, then works", async () => {
      project.cloud.faults.add({ token: TOKEN, method: "create", error: "no luck", times: 2 });
      await assert.rejects(project.network(), { message: "no luck" });
      await project.make(TOKENS.account, { accountId: "a" });
      await assert.rejects(project.network(), { message: "no luck" });
      await project.network();
    });
  });
});
