/**
 * What the Kubernetes provider makes of inputs: names, namespaces, normal forms, diffs. Each expectation
 * names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import sdk from "@pulumi/kubernetes/package.json";
import { Secret, Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { testKubeconfig } from "./support/cluster";
import { isOfficial, Plugin, urn, type Resource } from "./support/plugin";

const configMapUrn = urn("kubernetes:core/v1:ConfigMap", "settings");
const secretUrn = urn("kubernetes:core/v1:Secret", "credentials");

const configMap = (metadata: PropertyMap, data: PropertyMap = { a: "1" }): PropertyMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata,
  data,
});

/** A resource as the engine holds it after a create whose server answered with `live`. */
function stored(resourceUrn: string, inputs: PropertyMap, live: PropertyMap = inputs): Resource {
  const metadata = inputs["metadata"] as PropertyMap;
  const id = `${metadata["namespace"] as string}/${metadata["name"] as string}`;
  const state = {
    ...live,
    __inputs: inputs,
    __initialApiVersion: inputs["apiVersion"] ?? "",
    __fieldManager: "pulumi-kubernetes-00000000",
  };
  return { id, urn: resourceUrn, inputs, state };
}

const metadataOf = (inputs: PropertyMap) =>
  inputs["metadata"] as Record<string, PropertyMap | string>;

describe("contract: kubernetes inputs", function () {
  this.timeout(60_000);
  let plugin: Plugin;

  before(async () => {
    plugin = await Plugin.start("kubernetes");
    await plugin.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
  });
  after(() => plugin.stop());

  describe("plugin", () => {
    it("reports the version the SDK in node_modules asks for", async () => {
      // provider/pkg/provider/provider.go, GetPluginInfo
      assert.equal(await plugin.version(), sdk.version);
    });

    it("accepts secrets, previews and autonaming configuration", async () => {
      // provider.go, Configure: ConfigureResponse
      const response = await plugin.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
      assert.deepEqual(
        [
          response.getAcceptsecrets(),
          response.getSupportspreview(),
          response.getSupportsAutonamingConfiguration(),
        ],
        [true, true, true],
      );
    });
  });

  describe("check", () => {
    it("names an unnamed object after its resource, with eight hex digits, and says so", async () => {
      // metadata/naming.go, AssignNameIfAutonamable; resource.NewUniqueName
      const inputs = await plugin.check(configMapUrn, configMap({ namespace: "default" }));
      const metadata = metadataOf(inputs);
      assert.match(metadata["name"] as string, /^settings-[0-9a-f]{8}$/);
      assert.deepEqual(metadata["annotations"], { "pulumi.com/autonamed": "true" });
    });

    it("gives the same name for the same seed, so that preview and update agree", async () => {
      // naming.go: the name comes from CheckRequest.randomSeed
      const check = () => plugin.check(configMapUrn, configMap({ namespace: "default" }));
      assert.deepEqual(await check(), await check());
    });

    it("keeps a generated name on the next update", async () => {
      // naming.go, AdoptOldAutonameIfUnnamed
      const news = configMap({ namespace: "default" });
      const olds = await plugin.check(configMapUrn, news, undefined, Buffer.from("another seed"));
      assert.equal(
        metadataOf(await plugin.check(configMapUrn, news, olds))["name"],
        metadataOf(olds)["name"],
      );
    });

    it("leaves a given name alone", async () => {
      // naming.go, AssignNameIfAutonamable
      const inputs = await plugin.check(configMapUrn, configMap({ name: "mine" }));
      assert.deepEqual(metadataOf(inputs), { name: "mine", namespace: "default" });
    });

    it("puts a namespaced object without a namespace into the default one, a cluster-wide one into none", async () => {
      // provider.go, Check: defaultNamespace and clients.IsNamespacedKind
      const configMapInputs = await plugin.check(configMapUrn, configMap({ name: "mine" }));
      assert.equal(metadataOf(configMapInputs)["namespace"], "default");
      const namespaceInputs = await plugin.check(urn("kubernetes:core/v1:Namespace", "n"), {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "n" },
      });
      assert.equal(metadataOf(namespaceInputs)["namespace"], undefined);
    });

    it("turns a Secret's stringData into data and marks all of it secret", async () => {
      // clients/unstructured.go, normalizeSecretStringData; provider.go, annotateSecrets
      const inputs = await plugin.check(secretUrn, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "s", namespace: "default" },
        stringData: { password: "hunter2" },
      });
      assert.equal(inputs["stringData"], undefined);
      assert.deepEqual(inputs["data"], new Secret({ password: "aHVudGVyMg==" }));
    });

    it("keeps a value secret that the program made secret", async () => {
      // provider.go, annotateSecrets
      const inputs = await plugin.check(
        configMapUrn,
        configMap({ name: "mine", namespace: "default" }, { a: new Secret("1"), b: "2" }),
      );
      assert.deepEqual(inputs["data"], { a: new Secret("1"), b: "2" });
    });

    it("passes unknown values through", async () => {
      // provider.go, Check: KeepUnknowns
      const inputs = await plugin.check(
        configMapUrn,
        configMap({ name: "mine", namespace: "default" }, { a: new Unknown() }),
      );
      assert.deepEqual(inputs["data"], { a: new Unknown() });
    });

    it("writes quantities as the API server does", async () => {
      // clients/unstructured.go, Normalize: the round trip through Go types makes them canonical
      const inputs = await plugin.check(urn("kubernetes:core/v1:ResourceQuota", "q"), {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "q", namespace: "default" },
        spec: { hard: { "limits.cpu": "1000m", "limits.memory": "0.5Gi", pods: "10" } },
      });
      const expected = { "limits.cpu": "1", "limits.memory": "512Mi", pods: "10" };
      assert.deepEqual(inputs["spec"], { hard: expected });
    });

    it("drops metadata that only the server writes", async () => {
      // provider.go, normalizeInputs
      const inputs = await plugin.check(
        configMapUrn,
        configMap({ name: "mine", namespace: "default", uid: "1", resourceVersion: "2" }),
      );
      assert.deepEqual(metadataOf(inputs), { name: "mine", namespace: "default" });
    });

    it("refuses generateName", async () => {
      // provider.go, Check: not supported in Server-Side Apply mode
      await assert.rejects(
        plugin.check(configMapUrn, configMap({ generateName: "x-", namespace: "default" })),
        /generateName/,
      );
    });

    it("refuses a list of objects", async () => {
      // provider.go, Check: kinds.IsListURN
      await assert.rejects(
        plugin.check(urn("kubernetes:core/v1:ConfigMapList", "l"), {
          apiVersion: "v1",
          kind: "ConfigMapList",
          items: [],
        }),
        /list/i,
      );
    });

    it("refuses a patch without a name", async () => {
      // provider.go, Check: patch resources require .metadata.name
      await assert.rejects(
        plugin.check(urn("kubernetes:core/v1:ConfigMapPatch", "p"), configMap({})),
        /metadata\.name/,
      );
    });
  });

  describe("diff", () => {
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

  describe("provider configuration", () => {
    const providerUrn = urn("pulumi:providers:kubernetes", "cluster");
    const kubeconfig = (server: string): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: { server } }],
        users: [{ name: "u", user: { token: "t" } }],
      });
    const [one, other] = [kubeconfig("https://127.0.0.1:1"), kubeconfig("https://127.0.0.1:2")];

    it("replaces everything when the kubeconfig leads to another cluster", async () => {
      // provider.go, DiffConfig: getActiveClusterFromConfig
      const diff = await plugin.diffConfig(providerUrn, { kubeconfig: one }, { kubeconfig: other });
      assert.deepEqual(diff.replaces, ["kubeconfig"]);
    });

    it("replaces nothing when only the way in changed", async () => {
      // provider.go, DiffConfig: equal clusters
      const renewed = one.replace('"token":"t"', '"token":"new"');
      const diff = await plugin.diffConfig(
        providerUrn,
        { kubeconfig: one },
        { kubeconfig: renewed },
      );
      assert.deepEqual([diff.changes, diff.replaces], [true, []]);
    });

    it("believes clusterIdentifier where it stays, and replaces where it changes", async () => {
      // provider.go, DiffConfig: clusterIdentifierKey
      const config = (clusterIdentifier: string, text: string) => ({
        clusterIdentifier,
        kubeconfig: text,
      });
      const same = await plugin.diffConfig(providerUrn, config("a", one), config("a", other));
      assert.deepEqual(same.replaces, []);
      const changed = await plugin.diffConfig(providerUrn, config("a", one), config("b", one));
      assert.deepEqual(changed.replaces, ["clusterIdentifier"]);
    });

    it("expects a replacement while the kubeconfig is not known", async () => {
      // provider.go, DiffConfig: IsComputed
      const news = { kubeconfig: new Unknown() };
      const diff = await plugin.diffConfig(providerUrn, { kubeconfig: one }, news);
      assert.deepEqual(diff.replaces, ["kubeconfig"]);
    });
  });

  describe("without a reachable cluster", () => {
    let detached: Plugin;

    before(async () => {
      detached = await Plugin.start("kubernetes");
      await detached.configure({
        "kubernetes:config:kubeconfig": "apiVersion: v1\nkind: Config\nclusters: []\n",
      });
    });
    after(() => detached.stop());

    it("still previews", async () => {
      // provider.go, Create: skipPreview when !gvkExists
      const inputs = await detached.check(
        configMapUrn,
        configMap({ name: "mine", namespace: "default" }),
      );
      const preview = await detached.create(configMapUrn, inputs, { preview: true });
      assert.deepEqual(preview.state["data"], { a: "1" });
    });

    it("fails to create, naming the reason", async () => {
      // provider.go, Create: "configured Kubernetes cluster is unreachable"
      await assert.rejects(
        detached.create(configMapUrn, configMap({ name: "mine", namespace: "default" })),
        /unreachable/,
      );
    });

    it("fails to read and to delete, and says how to drop the resource from the state", async () => {
      // provider.go, Read and Delete: PULUMI_K8S_DELETE_UNREACHABLE
      const inputs = configMap({ name: "mine", namespace: "default" });
      const resource = stored(configMapUrn, inputs);
      const hint = /PULUMI_K8S_DELETE_UNREACHABLE/;
      await assert.rejects(detached.read(configMapUrn, resource.id, resource.state, inputs), hint);
      await assert.rejects(detached.delete(resource), hint);
    });
  });

  describe("a stand-in only", () => {
    before(function () {
      if (isOfficial("kubernetes")) this.skip();
    });

    it("refuses a cluster that is not on this machine, and says what to do", async () => {
      // DESIGN.md, stand-in providers
      const stranger = await Plugin.start("kubernetes");
      const elsewhere = JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: { server: "https://203.0.113.7:6443" } }],
        users: [],
      });
      await assert.rejects(
        stranger.configure({ "kubernetes:config:kubeconfig": elsewhere }),
        /203\.0\.113\.7.*pulumi plugin install resource kubernetes/,
      );
      await stranger.stop();
    });

    it("says once that it is used", () => {
      const lines = plugin.engine.lines.filter(({ message }) => message.includes("stand-in"));
      assert.ok(lines.length >= 1 && lines.every(({ ephemeral }) => !ephemeral));
    });

    it("refuses a way of applying it does not have", async () => {
      const stranger = await Plugin.start("kubernetes");
      await assert.rejects(
        stranger.configure({
          "kubernetes:config:kubeconfig": testKubeconfig(),
          "kubernetes:config:enableServerSideApply": "false",
        }),
        /enableServerSideApply/,
      );
      await stranger.stop();
    });
  });
});
