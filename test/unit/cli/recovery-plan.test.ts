import * as assert from "node:assert/strict";
import type { LiveObject } from "../../../cli/live-objects";
import { unread } from "../../../cli/recovery";
import { planPending, settled } from "../../../cli/recovery-plan";
import { type StateResource, toDeployment } from "../../../cli/state";

const urn = (type: string, name: string) => `urn:pulumi:local::modelport::${type}::${name}`;
const PROVIDER = `${urn("pulumi:providers:kubernetes", "embedded")}::a1b2`;

function object(kind: string, name: string): StateResource {
  return {
    urn: urn(`kubernetes:core/v1:${kind}`, name),
    type: `kubernetes:core/v1:${kind}`,
    custom: true,
    provider: PROVIDER,
    inputs: { apiVersion: "v1", kind, metadata: { name, namespace: "models" } },
  };
}

/** What `pulumi stack export` prints after an update was killed in the midst of four operations. */
const interrupted = {
  manifest: { magic: "m" },
  resources: [object("Service", "changed"), object("Secret", "leaving")],
  pending_operations: [
    { type: "creating", resource: object("ConfigMap", "made") },
    { type: "creating", resource: object("ConfigMap", "unmade") },
    { type: "updating", resource: object("Service", "changed") },
    { type: "deleting", resource: object("Secret", "leaving") },
  ],
};

/** A cluster that holds `made` only. */
const find = (resource: StateResource): Promise<LiveObject | undefined> =>
  Promise.resolve(
    resource.urn.endsWith("::made")
      ? { id: "models/made", outputs: { kind: "ConfigMap", uid: "1" } }
      : undefined,
  );

describe("operations that an interrupted update left pending", () => {
  it("are taken over, forgotten or read again, by what the cluster has", async () => {
    const plan = await planPending(toDeployment(interrupted), find);
    assert.deepEqual(
      plan.adopt.map(({ id }) => id),
      ["models/made"],
    );
    assert.deepEqual(plan.forget, [urn("kubernetes:core/v1:ConfigMap", "unmade")]);
    assert.deepEqual(plan.reread, [
      urn("kubernetes:core/v1:Service", "changed"),
      urn("kubernetes:core/v1:Secret", "leaving"),
    ]);
  });

  it("leave a state with what was made, after what it depends on, and nothing pending", async () => {
    const state = toDeployment(interrupted);
    const deployment = settled(interrupted, state, await planPending(state, find));
    const resources = deployment["resources"] as StateResource[];
    assert.deepEqual(
      resources.map((resource) => resource.urn.split("::").at(-1)),
      ["changed", "leaving", "made"],
    );
    assert.equal(resources[2]?.id, "models/made");
    assert.deepEqual(resources[2].outputs, { kind: "ConfigMap", uid: "1" });
    assert.deepEqual(deployment["pending_operations"], []);
    assert.deepEqual(deployment["manifest"], { magic: "m" });
  });

  it("never enter a resource twice", async () => {
    const twice = {
      ...interrupted,
      resources: [object("ConfigMap", "made")],
      pending_operations: [
        { type: "creating", resource: object("ConfigMap", "made") },
        { type: "creating", resource: object("ConfigMap", "made") },
      ],
    };
    const plan = await planPending(toDeployment(twice), find);
    assert.deepEqual(plan, {
      adopt: [],
      discard: [],
      forget: [],
      reread: [urn("kubernetes:core/v1:ConfigMap", "made")],
    });
  });

  it("are waited for where they were deletions, which `find` does", async () => {
    const asked: string[] = [];
    await planPending(toDeployment(interrupted), (resource) => {
      asked.push(resource.urn.split("::").at(-1) ?? "");
      return Promise.resolve(undefined);
    });
    assert.deepEqual(asked, ["made", "unmade", "leaving"]);
  });

  it("take the place of what was deleted for them: before what depends on it", async () => {
    const half = {
      ...interrupted,
      resources: [
        { ...object("ConfigMap", "made"), id: "models/old", pendingReplacement: true },
        { ...object("Service", "dependent"), id: "models/dependent" },
      ],
      pending_operations: [{ type: "creating", resource: object("ConfigMap", "made") }],
    };
    const state = toDeployment(half);
    const plan = await planPending(state, find);
    assert.deepEqual(plan.reread, []);
    const resources = settled(half, state, plan)["resources"] as StateResource[];
    assert.deepEqual(
      resources.map(({ id, pendingReplacement }) => [id, pendingReplacement]),
      [
        ["models/made", undefined],
        ["models/dependent", undefined],
      ],
    );
  });

  const creating = (name: string, ...resources: object[]) => ({
    ...interrupted,
    resources,
    pending_operations: [{ type: "creating", resource: object("ConfigMap", name) }],
  });
  const told = (deployment: Record<string, unknown>) =>
    (deployment["resources"] as StateResource[]).map(({ id, delete: going }) =>
      going === true ? `${id} goes` : id,
    );

  it("come before what they were to replace, which goes with the next update", async () => {
    const half = creating(
      "made",
      { ...object("ConfigMap", "made"), id: "models/old" },
      { ...object("Service", "dependent"), id: "models/dependent" },
    );
    const state = toDeployment(half);
    const beside = { id: "models/new", outputs: {} };
    const plan = await planPending(state, find, () => Promise.resolve(beside));
    assert.deepEqual([plan.reread, plan.forget], [[], []]);
    assert.deepEqual(told(settled(half, state, plan)), [
      "models/new",
      "models/old goes",
      "models/dependent",
    ]);
  });

  it("take the place of one that goes anyway, as if it weren't there", async () => {
    const old = { ...object("ConfigMap", "made"), id: "models/old", delete: true };
    const half = creating("made", old);
    const state = toDeployment(half);
    const plan = await planPending(state, find);
    assert.deepEqual(told(settled(half, state, plan)), ["models/made", "models/old goes"]);
    assert.deepEqual((await planPending(state, () => Promise.resolve(undefined))).forget, [
      urn("kubernetes:core/v1:ConfigMap", "made"),
    ]);
  });

  it("are let be where they were deletions of what goes anyway", async () => {
    const old = { ...object("ConfigMap", "made"), id: "models/old", delete: true };
    const half = { ...interrupted, resources: [old], pending_operations: [] };
    const pending = [{ type: "deleting" as const, resource: old }];
    const state = { ...toDeployment(half), pending };
    const plan = await planPending(state, find);
    assert.deepEqual([plan.adopt, plan.reread], [[], []]);
    assert.deepEqual(told(settled(half, state, plan)), ["models/old goes"]);
  });

  it("go, if nobody can use what they made, and are made again", async () => {
    const half = creating("lost", { ...object("Service", "other"), id: "models/other" });
    const state = toDeployment(half);
    const lost = { id: "models/lost", outputs: {}, lost: true } as const;
    const plan = await planPending(state, () => Promise.resolve(lost));
    assert.deepEqual(plan.forget, [urn("kubernetes:core/v1:ConfigMap", "lost")]);
    const deployment = settled(half, state, plan);
    assert.deepEqual(told(deployment), ["models/other", "models/lost goes"]);
    assert.deepEqual(deployment["pending_operations"], []);
    const [, going] = deployment["resources"] as StateResource[];
    assert.deepEqual(unread({ resources: going === undefined ? [] : [going], pending: [] }), []);
  });

  it("are read in the end, even if the run that took them over was cut off before", () => {
    const outputs = { a: 1 };
    const resources = [
      { ...object("Service", "whole"), outputs },
      { ...object("Service", "unread"), outputs: {} },
      { ...object("x", "provider"), type: "pulumi:providers:gcp", outputs: {} },
      { ...object("x", "component"), custom: false, outputs: {} },
    ];
    assert.deepEqual(unread({ resources, pending: [] }), [
      urn("kubernetes:core/v1:Service", "unread"),
    ]);
  });

  it("that belong to no cluster are made again", async () => {
    const image = { ...object("x", "image"), type: "docker:index/image:Image" };
    const plan = await planPending(
      { resources: [], pending: [{ type: "creating", resource: image }] },
      find,
    );
    assert.deepEqual(plan.forget, [image.urn]);
  });
});
