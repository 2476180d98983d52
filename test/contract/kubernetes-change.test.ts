/**
 * How the Kubernetes provider updates, reads and deletes.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import type { KubeClient } from "../../local/providers/kubernetes/client";
import type { PropertyMap } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import { at, configMap, configMapUrn, deployment, deploymentUrn } from "./support/manifests";
import { type Plugin, urn } from "./support/plugin";
import { openSandbox, type Sandbox } from "./support/sandbox";

describe("contract: kubernetes update, read, delete", function () {
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

  describe("update", () => {
    it("applies new fields and takes old ones away, also those of the create", async () => {
      // await.go, fixCSAFieldManagers and ssaUpdate
      const name = uniqueName("update");
      const label = (labels: PropertyMap) => named(name, { a: "1" }, { labels });
      const created = await plugin.make(configMapUrn, label({ first: "1", second: "1" }));
      const updated = await plugin.update(created, label({ second: "2", third: "3" }));
      assert.deepEqual(at(updated.state, "metadata", "labels"), { second: "2", third: "3" });
      const again = await plugin.update(updated, label({ third: "3" }));
      assert.deepEqual(at(again.state, "metadata", "labels"), { third: "3" });
    });

    it("leaves alone what others set", async () => {
      // server-side apply: fields of other managers stay
      const name = uniqueName("shared");
      const resource = await plugin.make(configMapUrn, named(name, { ours: "1" }));
      await client.apply(sandbox.path("configmaps", name), {
        query: { fieldManager: "somebody" },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { theirs: "1" } },
      });
      const updated = await plugin.update(resource, named(name, { ours: "2" }));
      assert.deepEqual(updated.state["data"], { ours: "2", theirs: "1" });
    });

    it("is a conflict where another manager set the field, unless patchForce", async () => {
      // await.go, patchForce and handleSSAErr
      const name = uniqueName("conflict");
      const resource = await plugin.make(configMapUrn, named(name, { a: "1" }));
      await client.apply(sandbox.path("configmaps", name), {
        query: { fieldManager: "somebody", force: "true" },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: "theirs" } },
      });
      await assert.rejects(plugin.update(resource, named(name, { a: "ours" })), /conflict/i);
      const forced = named(
        name,
        { a: "ours" },
        { annotations: { "pulumi.com/patchForce": "true" } },
      );
      assert.deepEqual((await plugin.update(resource, forced)).state["data"], { a: "ours" });
    });

    it("keeps the live value of what ignoreChanges names", async () => {
      // await.go, handleSSAIgnoreFields
      const name = uniqueName("ignored");
      const resource = await plugin.make(
        deploymentUrn,
        deployment({ name, namespace, annotations: { "pulumi.com/skipAwait": "true" } }),
      );
      await client.apply(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, {
        query: { fieldManager: "autoscaler", force: "true" },
        body: {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name },
          spec: { replicas: 3 },
        },
      });
      const news = deployment({
        name,
        namespace,
        annotations: { "pulumi.com/skipAwait": "true" },
        labels: { a: "1" },
      });
      const updated = await plugin.update(resource, news, { ignoreChanges: ["spec.replicas"] });
      assert.equal(at(updated.state, "spec", "replicas"), 3);
      await plugin.delete(updated);
    });
  });

  describe("read", () => {
    it("imports by id: inputs are the live object without what the server writes", async () => {
      // provider.go, Read: readFromCluster
      const name = uniqueName("imported");
      await client.create(`/api/v1/namespaces/${namespace}/configmaps`, {
        body: { metadata: { name, labels: { a: "b" } }, data: { a: "1" } },
      });
      const read = await plugin.read(configMapUrn, `${namespace}/${name}`);
      assert.deepEqual(read.inputs, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace, labels: { a: "b" } },
        data: { a: "1" },
      });
      assert.ok(at(read.state, "metadata", "uid"));
    });

    it("refreshes: inputs are the live values of the fields the program sets", async () => {
      // provider.go, Read: pruneLiveState
      const name = uniqueName("drifted");
      const resource = await plugin.make(configMapUrn, named(name, { a: "1" }));
      await client.apply(sandbox.path("configmaps", name), {
        query: { fieldManager: "somebody", force: "true" },
        body: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name },
          data: { a: "changed by hand", b: "added by hand" },
        },
      });
      const read = await plugin.read(configMapUrn, resource.id, resource.state, resource.inputs);
      assert.deepEqual(read.inputs["data"], { a: "changed by hand" });
      const diff = await plugin.diff(read, resource.inputs);
      assert.deepEqual(Object.keys(diff.detailed), ["data.a"]);
    });

    it("says by an empty id that the object is gone", async () => {
      // provider.go, Read: deleteResponse
      const resource = await plugin.make(configMapUrn, named(uniqueName("gone"), { a: "1" }));
      await plugin.delete(resource);
      const read = await plugin.read(configMapUrn, resource.id, resource.state, resource.inputs);
      assert.equal(read.id, "");
    });

    it("says the same of a kind nobody serves any more", async () => {
      // provider.go, Read: meta.IsNoMatchError
      const read = await plugin.read(urn("kubernetes:nobody.example/v1:Widget", "w"), "default/w");
      assert.equal(read.id, "");
    });
  });

  describe("delete", () => {
    it("is done when the object is gone", async () => {
      // condition/deleted.go
      const name = uniqueName("deleted");
      const resource = await plugin.make(configMapUrn, named(name, { a: "1" }));
      await plugin.delete(resource);
      assert.ok(await sandbox.isGone(sandbox.path("configmaps", name)));
    });

    it("of what is gone already is no error", async () => {
      // await.go, Deletion: nilIfGVKDeleted
      const resource = await plugin.make(configMapUrn, named(uniqueName("twice"), { a: "1" }));
      await plugin.delete(resource);
      await plugin.delete(resource);
    });

    it("fails when a finalizer holds the object past the deadline", async () => {
      // await.go, Deletion: the timeout; condition/deleted.go names finalizers
      const name = uniqueName("held");
      const resource = await plugin.make(
        configMapUrn,
        named(name, { a: "1" }, { finalizers: ["example.com/hold"] }),
      );
      await assert.rejects(plugin.delete(resource, 2));
      await client.jsonPatch(sandbox.path("configmaps", name), {
        body: [{ op: "remove", path: "/metadata/finalizers" }],
      });
    });

    it("leaves the pods of a Deployment with deletionPropagationPolicy orphan", async () => {
      // metadata/overrides.go, DeletionPropagation
      const name = uniqueName("orphan");
      const annotations = { "pulumi.com/deletionPropagationPolicy": "orphan" };
      const resource = await plugin.make(
        deploymentUrn,
        deployment({ name, namespace, annotations }),
      );
      await plugin.delete(resource);
      const query = { labelSelector: `app=${name}` };
      const sets = await client.get(`/apis/apps/v1/namespaces/${namespace}/replicasets`, { query });
      assert.equal((sets["items"] as unknown[]).length, 1);
    });
  });

  describe("custom resources", () => {
    it("are known as soon as their definition is", async () => {
      // provider.go, Create: RESTMapper.Reset after a CRD; await.go: retried on NoMatch
      const plural = uniqueName("w").replaceAll("-", "") + "s";
      const group = "contract.modelport.example";
      const definition = await plugin.make(
        urn("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "widgets"),
        {
          apiVersion: "apiextensions.k8s.io/v1",
          kind: "CustomResourceDefinition",
          metadata: { name: `${plural}.${group}` },
          spec: {
            group,
            names: {
              plural,
              singular: plural.slice(0, -1),
              kind: "Widget",
              listKind: "WidgetList",
            },
            scope: "Namespaced",
            versions: [
              {
                name: "v1",
                served: true,
                storage: true,
                schema: {
                  openAPIV3Schema: { type: "object", x_kubernetes_preserve_unknown_fields: true },
                },
              },
            ],
          },
        },
      );
      const widgetUrn = urn(`kubernetes:${group}/v1:Widget`, "w");
      const widget = await plugin.make(widgetUrn, {
        apiVersion: `${group}/v1`,
        kind: "Widget",
        metadata: { name: "w", namespace },
        spec: { size: 3 },
      });
      assert.equal(widget.id, `${namespace}/w`);
      await plugin.delete(widget);
      await plugin.delete(definition);
    });
  });
});
