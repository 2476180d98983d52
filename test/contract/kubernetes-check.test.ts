/**
 * What the Kubernetes provider makes of inputs: names, namespaces, normal forms.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import { Secret, Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { testKubeconfig } from "./support/cluster";
import { configMap, configMapUrn } from "./support/manifests";
import { Plugin, urn } from "./support/plugin";

const secretUrn = urn("kubernetes:core/v1:Secret", "credentials");
const metadataOf = (inputs: PropertyMap) =>
  inputs["metadata"] as Record<string, PropertyMap | string>;

describe("contract: kubernetes check", function () {
  this.timeout(300_000);
  let plugin: Plugin;

  before(async () => {
    plugin = await Plugin.start("kubernetes");
    await plugin.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
  });
  after(() => plugin.stop());

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
