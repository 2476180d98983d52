/**
 * What an update would change, and what it would replace.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import { Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { testKubeconfig } from "./support/cluster";
import { configMap, configMapUrn, stored } from "./support/manifests";
import { Plugin, urn } from "./support/plugin";

describe("contract: kubernetes diff", function () {
  this.timeout(300_000);
  let plugin: Plugin;

  before(async () => {
    plugin = await Plugin.start("kubernetes");
    await plugin.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
  });
  after(() => plugin.stop());

  const base = configMap({ name: "mine", namespace: "default" });

  it("finds nothing where nothing changed, whatever the server added", async () => {
    // provider.go, Diff: pruneLiveState
    const live = {
      ...base,
      metadata: { name: "mine", namespace: "default", uid: "1", labels: {} },
    };
    const diff = await plugin.diff(stored(configMapUrn, base, live), base);
    assert.deepEqual(diff.detailed, {});
    assert.equal(diff.changes, false);
  });

  it("compares with what is live, so that drift found by a refresh is put right", async () => {
    // provider.go, Diff: oldLivePruned, not the old inputs, is compared
    const live = configMap({ name: "mine", namespace: "default", labels: { a: "2" } });
    const inputs = configMap({ name: "mine", namespace: "default", labels: { a: "1" } });
    const diff = await plugin.diff(stored(configMapUrn, inputs, live), inputs);
    assert.deepEqual(diff.detailed, { "metadata.labels.a": "UPDATE" });
  });

  const replaced: [string, string, PropertyMap, PropertyMap, string][] = [
    [
      "a ConfigMap's data, as ConfigMaps are immutable by default",
      "core/v1:ConfigMap",
      { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } },
      { data: { a: "2" } },
      "data.a",
    ],
    [
      "a Secret's data",
      "core/v1:Secret",
      { apiVersion: "v1", kind: "Secret", data: { a: "MQ==" } },
      { data: { a: "Mg==" } },
      "data.a",
    ],
    [
      "a Secret's type",
      "core/v1:Secret",
      { apiVersion: "v1", kind: "Secret", type: "Opaque" },
      { type: "kubernetes.io/basic-auth" },
      "type",
    ],
    [
      "a Deployment's selector",
      "apps/v1:Deployment",
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        spec: { selector: { matchLabels: { a: "1" } } },
      },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      "spec.selector.matchLabels.a",
    ],
    [
      "a Job's template",
      "batch/v1:Job",
      { apiVersion: "batch/v1", kind: "Job", spec: { template: { spec: { nodeName: "a" } } } },
      { spec: { template: { spec: { nodeName: "b" } } } },
      "spec.template.spec.nodeName",
    ],
    [
      "a Service's clusterIP",
      "core/v1:Service",
      { apiVersion: "v1", kind: "Service", spec: { clusterIP: "10.0.0.1" } },
      { spec: { clusterIP: "10.0.0.2" } },
      "spec.clusterIP",
    ],
    [
      "a claim's storage class",
      "core/v1:PersistentVolumeClaim",
      { apiVersion: "v1", kind: "PersistentVolumeClaim", spec: { storageClassName: "a" } },
      { spec: { storageClassName: "b" } },
      "spec.storageClassName",
    ],
    [
      "a binding's role",
      "rbac.authorization.k8s.io/v1:RoleBinding",
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        roleRef: { name: "a" },
      },
      { roleRef: { name: "b" } },
      "roleRef.name",
    ],
  ];
  for (const [what, type, olds, news, path] of replaced) {
    it(`replaces for ${what}, deleting first, as the name is fixed`, async () => {
      // provider/pkg/provider/diff.go, forceNew; provider.go, Diff: deleteBeforeReplace
      const metadata = { name: "mine", namespace: "default" };
      const old = { ...olds, metadata };
      const resource = stored(urn(`kubernetes:${type}`, "r"), old);
      const diff = await plugin.diff(resource, { ...old, ...news });
      assert.deepEqual(diff.replaces, [path]);
      assert.deepEqual(diff.detailed, { [path]: "UPDATE_REPLACE" });
      assert.equal(diff.deleteBeforeReplace, true);
    });
  }

  it("replaces for a new name or namespace, creating first", async () => {
    // diff.go, metadataForceNewProperties; provider.go, deleteBeforeReplace (4) and (5)
    for (const key of ["name", "namespace"]) {
      const news = configMap({ name: "mine", namespace: "default", [key]: "other" });
      const diff = await plugin.diff(stored(configMapUrn, base), news);
      assert.deepEqual(diff.replaces, [`metadata.${key}`]);
      assert.equal(diff.deleteBeforeReplace, false);
    }
  });

  it("creates first where the name was generated", async () => {
    // provider.go, deleteBeforeReplace (3)
    const metadata = {
      name: "settings-00000000",
      namespace: "default",
      annotations: { "pulumi.com/autonamed": "true" },
    };
    const diff = await plugin.diff(
      stored(configMapUrn, configMap(metadata)),
      configMap(metadata, { a: "2" }),
    );
    assert.deepEqual(diff.replaces, ["data.a"]);
    assert.equal(diff.deleteBeforeReplace, false);
  });

  it("updates in place what may change", async () => {
    // provider.go, convertPatchToDiff
    const inputs = (replicas: number, labels: PropertyMap): PropertyMap => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "mine", namespace: "default", labels },
      spec: { replicas },
    });
    const resource = stored(urn("kubernetes:apps/v1:Deployment", "d"), inputs(1, { a: "1" }));
    const diff = await plugin.diff(resource, inputs(2, { "app.kubernetes.io/name": "x" }));
    assert.deepEqual(diff.detailed, {
      "spec.replicas": "UPDATE",
      "metadata.labels.a": "DELETE",
      'metadata.labels["app.kubernetes.io/name"]': "ADD",
    });
    assert.deepEqual(diff.replaces, []);
  });

  it("names the element of a list that changed", async () => {
    // provider.go, addPatchArrayToDiff
    const inputs = (...images: string[]): PropertyMap => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "mine", namespace: "default" },
      spec: {
        template: { spec: { containers: images.map((image) => ({ name: image[0]!, image })) } },
      },
    });
    const resource = stored(urn("kubernetes:apps/v1:Deployment", "d"), inputs("a:1", "b:1"));
    const diff = await plugin.diff(resource, inputs("a:1", "b:2", "c:1"));
    assert.deepEqual(diff.detailed, {
      "spec.template.spec.containers[1].image": "UPDATE",
      "spec.template.spec.containers[2]": "ADD",
    });
  });

  it("leaves out what ignoreChanges names, and all within it", async () => {
    // provider.go, Diff: IgnoreChanges
    const news = configMap({ name: "mine", namespace: "default" }, { a: "2", b: "3" });
    const diff = await plugin.diff(stored(configMapUrn, base), news, ["data"]);
    assert.deepEqual([diff.changes, diff.detailed], [false, {}]);
  });

  it("counts an unknown value as a change", async () => {
    // provider.go, addPatchValueToDiff: resource.Computed
    const news = configMap({ name: "mine", namespace: "default" }, { a: new Unknown() });
    const diff = await plugin.diff(stored(configMapUrn, base), news);
    assert.deepEqual(diff.detailed, { "data.a": "UPDATE_REPLACE" });
  });

  it("takes no namespace and the namespace default for one", async () => {
    // provider.go, canonicalNamespace
    const old = configMap({ name: "mine", namespace: "default" });
    const diff = await plugin.diff(stored(configMapUrn, old), configMap({ name: "mine" }));
    assert.deepEqual(diff.detailed, {});
  });
});
