/**
 * What the Kubernetes provider creates, and what a preview of it shows.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import type { KubeClient } from "../../local/providers/kubernetes/client";
import { Secret, Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import { at, configMap, configMapUrn } from "./support/manifests";
import { type Plugin, urn } from "./support/plugin";
import { openSandbox, startPlugin, type Sandbox } from "./support/sandbox";

describe("contract: kubernetes create", function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let plugin: Plugin;
  let client: KubeClient;
  let namespace: string;

  before(async () => {
    sandbox = await openSandbox();
    ({ plugin, client, namespace } = sandbox);
  });
  after(() => sandbox.close());

  const named = (name: string, data: PropertyMap, more: PropertyMap = {}): PropertyMap =>
    configMap({ name, namespace, ...more }, data);

  describe("create", () => {
    it("answers with id namespace/name and the live object", async () => {
      // provider.go, Create: fqObjName, checkpointObject
      const name = uniqueName("created");
      const resource = await plugin.make(configMapUrn, named(name, { a: "1" }));
      assert.equal(resource.id, `${namespace}/${name}`);
      assert.deepEqual(resource.state["data"], { a: "1" });
      assert.ok(at(resource.state, "metadata", "uid"));
      assert.deepEqual(at(resource.state, "__inputs", "data"), { a: "1" });
      assert.equal(resource.state["__initialApiVersion"], "v1");
    });

    it("answers with id name for what has no namespace", async () => {
      // util.go, fqName
      const name = uniqueName("contract-ns");
      const resource = await plugin.make(urn("kubernetes:core/v1:Namespace", "n"), {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      });
      assert.equal(resource.id, name);
      await plugin.delete(resource);
      assert.ok(await sandbox.isGone(`/api/v1/namespaces/${name}`));
    });

    it("is an error when the object exists already, and leaves that as it was", async () => {
      // release notes of v4.29.0, pulumi/pulumi-kubernetes#4278: client-side create
      const name = uniqueName("taken");
      await client.create(`/api/v1/namespaces/${namespace}/configmaps`, {
        body: { metadata: { name }, data: { owner: "somebody else" } },
      });
      await assert.rejects(
        plugin.make(configMapUrn, named(name, { owner: "pulumi" })),
        /already exists/,
      );
      const live = await client.get(sandbox.path("configmaps", name));
      assert.deepEqual(live["data"], { owner: "somebody else" });
    });

    it("updates an existing object with upsertExistingObjects", async () => {
      // @pulumi/kubernetes provider.d.ts, upsertExistingObjects
      const name = uniqueName("adopted");
      await client.create(`/api/v1/namespaces/${namespace}/configmaps`, {
        body: { metadata: { name }, data: { theirs: "1" } },
      });
      const upserting = await startPlugin({ upsertExistingObjects: "true" });
      const resource = await upserting.make(configMapUrn, named(name, { ours: "1" }));
      await upserting.stop();
      assert.deepEqual(resource.state["data"], { theirs: "1", ours: "1" });
    });

    it("of an update that was killed is taken up again with upsertExistingObjects and enablePatchForce", async () => {
      // provider.d.ts, enablePatchForce: the killed run's field manager is not the next one's
      const name = uniqueName("killed");
      await plugin.make(configMapUrn, named(name, { a: "1" }));
      const forcing = await startPlugin({
        upsertExistingObjects: "true",
        enablePatchForce: "true",
      });
      const adopted = await forcing.make(configMapUrn, named(name, { a: "2" }));
      const updated = await forcing.update(adopted, named(name, { a: "3" }));
      await forcing.stop();
      assert.deepEqual(updated.state["data"], { a: "3" });
    });

    it("marks a Secret's data secret in the state", async () => {
      // provider.go, annotateSecrets
      const resource = await plugin.make(urn("kubernetes:core/v1:Secret", "s"), {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: uniqueName("secret"), namespace },
        stringData: { canary: "canary-in-the-state" },
      });
      const data = resource.state["data"];
      assert.ok(data instanceof Secret);
      assert.deepEqual(data.value, {
        canary: Buffer.from("canary-in-the-state").toString("base64"),
      });
      assert.ok(at(resource.state, "__inputs", "data") instanceof Secret);
    });

    it("waits for a namespace that is created at the same time", async () => {
      // await.go, Creation: retried on NotFound
      const late = uniqueName("late");
      const pending = plugin.make(configMapUrn, named("early", { a: "1" }, { namespace: late }));
      await new Promise((resolve) => setTimeout(resolve, 500));
      await client.create("/api/v1/namespaces", { body: { metadata: { name: late } } });
      assert.equal((await pending).id, `${late}/early`);
      await client.delete(`/api/v1/namespaces/${late}`, {});
    });

    it("names the API server's reason when it refuses", async () => {
      // provider.go, Create: "was not successfully created"
      await assert.rejects(
        plugin.make(configMapUrn, named("Not_A_Name", { a: "1" })),
        /RFC 1123|Invalid value/,
      );
    });
  });

  describe("preview", () => {
    it("of a create asks the server, changes nothing and has no id", async () => {
      // provider.go, Create: DryRun; `id` stays empty
      const name = uniqueName("preview");
      const inputs = await plugin.check(configMapUrn, named(name, { a: "1" }));
      const preview = await plugin.create(configMapUrn, inputs, { preview: true });
      assert.equal(preview.id, "");
      assert.ok(at(preview.state, "metadata", "uid"), "the dry run fills in what the server would");
      assert.ok(await sandbox.isGone(sandbox.path("configmaps", name)));
    });

    it("of a create with unknown values gives the inputs back", async () => {
      // provider.go, Create: hasComputedValue
      const inputs = named(uniqueName("unknown"), { a: new Unknown() });
      const preview = await plugin.create(configMapUrn, inputs, { preview: true });
      assert.deepEqual(preview.state, inputs);
    });

    it("of a create goes on where the namespace does not exist yet", async () => {
      // await.go, Creation: namespaceError
      const inputs = named("x", { a: "1" }, { namespace: "not-there-yet" });
      const preview = await plugin.create(configMapUrn, inputs, { preview: true });
      assert.deepEqual(preview.state["data"], { a: "1" });
    });

    it("of a replacement goes on although the old object still has the name", async () => {
      // provider.go, Create: IsAlreadyExists in a preview
      const name = uniqueName("replaced");
      await plugin.make(configMapUrn, named(name, { a: "1" }));
      const preview = await plugin.create(configMapUrn, named(name, { a: "2" }), {
        preview: true,
      });
      assert.deepEqual(preview.state["data"], { a: "2" });
    });

    it("of an update asks the server and changes nothing", async () => {
      // await.go, ssaUpdate: DryRun
      const name = uniqueName("dry");
      const resource = await plugin.make(configMapUrn, named(name, { a: "1" }));
      const preview = await plugin.update(resource, named(name, { a: "2" }), { preview: true });
      assert.deepEqual(preview.state["data"], { a: "2" });
      const live = await client.get(sandbox.path("configmaps", name));
      assert.deepEqual(live["data"], { a: "1" });
    });
  });
});
