/**
 * What the Kubernetes provider does to a cluster: create, read, update, delete, wait. Each expectation
 * names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import { ApiError, type KubeClient } from "../../local/providers/kubernetes/client";
import { Secret, Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { readClusterInfo } from "../../local/cluster/info";
import { testClient, testKubeconfig, uniqueName } from "./support/cluster";
import { initializationFailure, Plugin, urn, type Resource } from "./support/plugin";

const configMapUrn = urn("kubernetes:core/v1:ConfigMap", "settings");
const deploymentUrn = urn("kubernetes:apps/v1:Deployment", "web");

/** An image with Node.js that the cluster can pull. */
function nodeImage(): string {
  const image = process.env["MODELPORT_TEST_IMAGE"] ?? readClusterInfo()?.baseImage;
  if (image === undefined)
    throw new Error(
      "set MODELPORT_TEST_IMAGE to an image with /nodejs/bin/node the cluster can pull",
    );
  return image;
}

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  );

describe("contract: kubernetes objects", function () {
  this.timeout(120_000);
  let plugin: Plugin;
  let client: KubeClient;
  let namespace: string;

  const configMap = (name: string, data: PropertyMap, metadata: PropertyMap = {}): PropertyMap => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, ...metadata },
    data,
  });

  const deployment = (
    name: string,
    script: string,
    options: { image?: string; replicas?: number; metadata?: PropertyMap } = {},
  ): PropertyMap => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, ...options.metadata },
    spec: {
      replicas: options.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: "main",
              image: options.image ?? nodeImage(),
              command: ["/nodejs/bin/node", "-e", script],
            },
          ],
        },
      },
    },
  });

  const forever = "setInterval(() => {}, 60000)";
  const path = (plural: string, name: string): string =>
    `/api/v1/namespaces/${namespace}/${plural}/${name}`;

  async function isGone(objectPath: string): Promise<boolean> {
    return client.get(objectPath).then(
      () => false,
      (error: unknown) => error instanceof ApiError && error.code === 404,
    );
  }

  before(async () => {
    client = await testClient();
    plugin = await Plugin.start("kubernetes");
    await plugin.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
    namespace = uniqueName("contract");
    await client.create("/api/v1/namespaces", {
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    });
  });

  after(async () => {
    await client.delete(`/api/v1/namespaces/${namespace}`, {
      body: { propagationPolicy: "Background" },
    });
    await plugin.stop();
    client.close();
  });

  describe("create", () => {
    it("answers with id namespace/name and the live object", async () => {
      // provider.go, Create: fqObjName, checkpointObject
      const name = uniqueName("created");
      const resource = await plugin.make(configMapUrn, configMap(name, { a: "1" }));
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
      assert.ok(await isGone(`/api/v1/namespaces/${name}`));
    });

    it("is an error when the object exists already, and leaves that as it was", async () => {
      // release notes of v4.29.0, pulumi/pulumi-kubernetes#4278: client-side create
      const name = uniqueName("taken");
      await client.create(`/api/v1/namespaces/${namespace}/configmaps`, {
        body: { metadata: { name }, data: { owner: "somebody else" } },
      });
      await assert.rejects(
        plugin.make(configMapUrn, configMap(name, { owner: "pulumi" })),
        /already exists/,
      );
      const live = await client.get(path("configmaps", name));
      assert.deepEqual(live["data"], { owner: "somebody else" });
    });

    it("updates an existing object with upsertExistingObjects", async () => {
      // @pulumi/kubernetes provider.d.ts, upsertExistingObjects
      const name = uniqueName("adopted");
      await client.create(`/api/v1/namespaces/${namespace}/configmaps`, {
        body: { metadata: { name }, data: { theirs: "1" } },
      });
      const upserting = await Plugin.start("kubernetes");
      await upserting.configure({
        "kubernetes:config:kubeconfig": testKubeconfig(),
        "kubernetes:config:upsertExistingObjects": "true",
      });
      const resource = await upserting.make(configMapUrn, configMap(name, { ours: "1" }));
      await upserting.stop();
      assert.deepEqual(resource.state["data"], { theirs: "1", ours: "1" });
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
      const pending = plugin.make(configMapUrn, {
        ...configMap("early", { a: "1" }),
        metadata: { name: "early", namespace: late },
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      await client.create("/api/v1/namespaces", { body: { metadata: { name: late } } });
      assert.equal((await pending).id, `${late}/early`);
      await client.delete(`/api/v1/namespaces/${late}`, {});
    });

    it("names the API server's reason when it refuses", async () => {
      // provider.go, Create: "was not successfully created"
      await assert.rejects(
        plugin.make(configMapUrn, configMap("Not_A_Name", { a: "1" })),
        /RFC 1123|Invalid value/,
      );
    });
  });

  describe("preview", () => {
    it("of a create asks the server, changes nothing and has no id", async () => {
      // provider.go, Create: DryRun; `id` stays empty
      const name = uniqueName("preview");
      const inputs = await plugin.check(configMapUrn, configMap(name, { a: "1" }));
      const preview = await plugin.create(configMapUrn, inputs, { preview: true });
      assert.equal(preview.id, "");
      assert.ok(at(preview.state, "metadata", "uid"), "the dry run fills in what the server would");
      assert.ok(await isGone(path("configmaps", name)));
    });

    it("of a create with unknown values gives the inputs back", async () => {
      // provider.go, Create: hasComputedValue
      const inputs = configMap(uniqueName("unknown"), { a: new Unknown() });
      const preview = await plugin.create(configMapUrn, inputs, { preview: true });
      assert.deepEqual(preview.state, inputs);
    });

    it("of a create goes on where the namespace does not exist yet", async () => {
      // await.go, Creation: namespaceError
      const inputs: PropertyMap = {
        ...configMap("x", { a: "1" }),
        metadata: { name: "x", namespace: "not-there-yet" },
      };
      const preview = await plugin.create(configMapUrn, inputs, { preview: true });
      assert.deepEqual(preview.state["data"], { a: "1" });
    });

    it("of a replacement goes on although the old object still has the name", async () => {
      // provider.go, Create: IsAlreadyExists in a preview
      const name = uniqueName("replaced");
      await plugin.make(configMapUrn, configMap(name, { a: "1" }));
      const preview = await plugin.create(configMapUrn, configMap(name, { a: "2" }), {
        preview: true,
      });
      assert.deepEqual(preview.state["data"], { a: "2" });
    });

    it("of an update asks the server and changes nothing", async () => {
      // await.go, ssaUpdate: DryRun
      const name = uniqueName("dry");
      const resource = await plugin.make(configMapUrn, configMap(name, { a: "1" }));
      const preview = await plugin.update(resource, configMap(name, { a: "2" }), { preview: true });
      assert.deepEqual(preview.state["data"], { a: "2" });
      const live = await client.get(path("configmaps", name));
      assert.deepEqual(live["data"], { a: "1" });
    });
  });

  describe("update", () => {
    it("applies new fields and takes old ones away, also those of the create", async () => {
      // await.go, fixCSAFieldManagers and ssaUpdate
      const name = uniqueName("update");
      const label = (labels: PropertyMap) => configMap(name, { a: "1" }, { labels });
      const created = await plugin.make(configMapUrn, label({ first: "1", second: "1" }));
      const updated = await plugin.update(created, label({ second: "2", third: "3" }));
      assert.deepEqual(at(updated.state, "metadata", "labels"), { second: "2", third: "3" });
      const again = await plugin.update(updated, label({ third: "3" }));
      assert.deepEqual(at(again.state, "metadata", "labels"), { third: "3" });
    });

    it("leaves alone what others set", async () => {
      // server-side apply: fields of other managers stay
      const name = uniqueName("shared");
      const resource = await plugin.make(configMapUrn, configMap(name, { ours: "1" }));
      await client.apply(path("configmaps", name), {
        query: { fieldManager: "somebody" },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { theirs: "1" } },
      });
      const updated = await plugin.update(resource, configMap(name, { ours: "2" }));
      assert.deepEqual(updated.state["data"], { ours: "2", theirs: "1" });
    });

    it("is a conflict where another manager set the field, unless patchForce", async () => {
      // await.go, patchForce and handleSSAErr
      const name = uniqueName("conflict");
      const resource = await plugin.make(configMapUrn, configMap(name, { a: "1" }));
      await client.apply(path("configmaps", name), {
        query: { fieldManager: "somebody", force: "true" },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: "theirs" } },
      });
      await assert.rejects(plugin.update(resource, configMap(name, { a: "ours" })), /conflict/i);
      const forced = configMap(
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
        deployment(name, forever, {
          metadata: { annotations: { "pulumi.com/skipAwait": "true" } },
        }),
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
      const news = deployment(name, forever, {
        metadata: { annotations: { "pulumi.com/skipAwait": "true" }, labels: { a: "1" } },
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
      const resource = await plugin.make(configMapUrn, configMap(name, { a: "1" }));
      await client.apply(path("configmaps", name), {
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
      const resource = await plugin.make(configMapUrn, configMap(uniqueName("gone"), { a: "1" }));
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
      const resource = await plugin.make(configMapUrn, configMap(name, { a: "1" }));
      await plugin.delete(resource);
      assert.ok(await isGone(path("configmaps", name)));
    });

    it("of what is gone already is no error", async () => {
      // await.go, Deletion: nilIfGVKDeleted
      const resource = await plugin.make(configMapUrn, configMap(uniqueName("twice"), { a: "1" }));
      await plugin.delete(resource);
      await plugin.delete(resource);
    });

    it("fails when a finalizer holds the object past the deadline", async () => {
      // await.go, Deletion: the timeout; condition/deleted.go names finalizers
      const name = uniqueName("held");
      const resource = await plugin.make(
        configMapUrn,
        configMap(name, { a: "1" }, { finalizers: ["example.com/hold"] }),
      );
      await assert.rejects(plugin.delete(resource, 2));
      await client.jsonPatch(path("configmaps", name), {
        body: [{ op: "remove", path: "/metadata/finalizers" }],
      });
    });

    it("leaves the pods of a Deployment with deletionPropagationPolicy orphan", async () => {
      // metadata/overrides.go, DeletionPropagation
      const name = uniqueName("orphan");
      const annotations = { "pulumi.com/deletionPropagationPolicy": "orphan" };
      const resource = await plugin.make(
        deploymentUrn,
        deployment(name, forever, { metadata: { annotations } }),
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

  describe("waiting", () => {
    it("creates a Deployment when its pods are ready, telling of progress", async () => {
      // await/deployment.go, checkAndLogStatus
      const name = uniqueName("ready");
      const resource = await plugin.make(deploymentUrn, deployment(name, forever, { replicas: 2 }));
      assert.equal(at(resource.state, "status", "readyReplicas"), 2);
      const told = plugin.engine.messages(deploymentUrn);
      assert.ok(
        told.some((message) => /ReplicaSet.*\(\d\/2 Pods available\)/.test(message)),
        told.join("\n"),
      );
      await plugin.delete(resource);
    });

    it("fails with the pod's own reason when the image cannot be pulled, keeping the resource", async () => {
      // await/checker/pod/check.go, containerWaitingError; provider.go, partialError
      const name = uniqueName("no-image");
      const image = "127.0.0.1:1/nobody/nothing:v1";
      const failure = await plugin
        .make(deploymentUrn, deployment(name, forever, { image }), 12)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      assert.equal(failure.id, `${namespace}/${name}`);
      assert.ok(at(failure.properties, "metadata", "uid"), "the state holds the live object");
      assert.match(failure.reasons.join("\n"), /ErrImagePull|ImagePullBackOff/);
      await plugin.delete({
        id: failure.id,
        urn: deploymentUrn,
        inputs: {},
        state: failure.properties,
      });
    });

    it("fails with exit code and message when the container crashes", async () => {
      // await/checker/pod/check.go, containerLastTerminationState
      const name = uniqueName("crash");
      const script = "console.error('the model is missing'); process.exit(3)";
      const failure = await plugin
        .make(deploymentUrn, deployment(name, script), 15)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      assert.match(failure.reasons.join("\n"), /exit code 3/);
      if (process.env["MODELPORT_OFFICIAL_PLUGIN_KUBERNETES"] === undefined)
        assert.match(failure.reasons.join("\n"), /the model is missing/, "the last log lines");
      await plugin.delete({
        id: failure.id,
        urn: deploymentUrn,
        inputs: {},
        state: failure.properties,
      });
    });

    it("fails with the scheduler's words when no node fits", async () => {
      // await/checker/pod/check.go, podScheduled
      const name = uniqueName("huge");
      const inputs = deployment(name, forever);
      const pod = at(inputs, "spec", "template", "spec") as PropertyMap;
      pod["nodeSelector"] = { "contract.modelport.example/nowhere": "true" };
      const failure = await plugin
        .make(deploymentUrn, inputs, 6)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      assert.match(failure.reasons.join("\n"), /node\(s\)/);
      await plugin.delete({
        id: failure.id,
        urn: deploymentUrn,
        inputs: {},
        state: failure.properties,
      });
    });

    it("tells on a read that a Deployment is not ready", async () => {
      // await/deployment.go, Read; provider.go, Read: partialError
      const name = uniqueName("unread");
      const annotations = { "pulumi.com/skipAwait": "true" };
      const inputs = deployment(name, forever, {
        image: "127.0.0.1:1/no:v1",
        metadata: { annotations },
      });
      const resource = await plugin.make(deploymentUrn, inputs);
      const awaited = deployment(name, forever, { image: "127.0.0.1:1/no:v1" });
      const failure = await plugin
        .read(deploymentUrn, resource.id, resource.state, awaited)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      assert.equal(failure.id, resource.id);
      await plugin.delete(resource);
    });

    it("does not wait with skipAwait", async () => {
      // metadata/overrides.go, SkipAwaitLogic
      const name = uniqueName("skip");
      const annotations = { "pulumi.com/skipAwait": "true" };
      const inputs = deployment(name, forever, {
        image: "127.0.0.1:1/no:v1",
        metadata: { annotations },
      });
      const resource = await plugin.make(deploymentUrn, inputs);
      assert.notEqual(at(resource.state, "status", "readyReplicas"), 1);
      await plugin.delete(resource);
    });

    it("takes its deadline from the annotation timeoutSeconds", async () => {
      // metadata/overrides.go, TimeoutDuration
      const annotations = { "pulumi.com/timeoutSeconds": "3" };
      const inputs = deployment(uniqueName("short"), forever, {
        image: "127.0.0.1:1/no:v1",
        metadata: { annotations },
      });
      const began = Date.now();
      const failure = await plugin
        .make(deploymentUrn, inputs)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      assert.ok(Date.now() - began < 20_000);
      await plugin.delete({
        id: failure.id,
        urn: deploymentUrn,
        inputs: {},
        state: failure.properties,
      });
    });

    it("fails a Job as soon as it has failed", async () => {
      // await/job.go, Await
      const jobUrn = urn("kubernetes:batch/v1:Job", "job");
      const job = (name: string, script: string): PropertyMap => ({
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name, namespace },
        spec: {
          backoffLimit: 0,
          template: {
            spec: {
              restartPolicy: "Never",
              containers: [
                { name: "main", image: nodeImage(), command: ["/nodejs/bin/node", "-e", script] },
              ],
            },
          },
        },
      });
      const done = await plugin.make(jobUrn, job(uniqueName("done"), "0"), 60);
      assert.equal(at(done.state, "status", "succeeded"), 1);
      await plugin.delete(done);
      const failure = await plugin
        .make(jobUrn, job(uniqueName("fails"), "process.exit(1)"), 60)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      assert.match(failure.reasons.join("\n"), /BackoffLimitExceeded|backoff limit/i);
      await plugin.delete({ id: failure.id, urn: jobUrn, inputs: {}, state: failure.properties });
    });

    it("waits for what waitFor names, and only that", async () => {
      // metadata/overrides.go, ReadyCondition: a custom condition replaces the kind's own
      const name = uniqueName("waitfor");
      const annotations = { "pulumi.com/waitFor": "jsonpath={.metadata.labels.go}=now" };
      const pending = plugin.make(configMapUrn, configMap(name, { a: "1" }, { annotations }), 30);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await client.apply(path("configmaps", name), {
        query: { fieldManager: "somebody" },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { go: "now" } } },
      });
      const resource = await pending;
      assert.equal(at(resource.state, "metadata", "labels", "go"), "now");
      await assert.rejects(
        plugin.make(
          configMapUrn,
          configMap(uniqueName("bad"), {}, { annotations: { "pulumi.com/waitFor": "nonsense" } }),
        ),
        /jsonpath=|condition=/,
      );
    });

    describe("for a Service", () => {
      const service = (name: string, spec: PropertyMap): PropertyMap => ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace },
        spec: { ports: [{ port: 80 }], ...spec },
      });
      const serviceUrn = urn("kubernetes:core/v1:Service", "svc");

      it("is done at once without a selector, and when headless", async () => {
        // @pulumi/kubernetes core/v1/service.d.ts, condition 3
        for (const spec of [{}, { clusterIP: "None", selector: { app: "nobody" } }]) {
          const began = Date.now();
          await plugin.make(serviceUrn, service(uniqueName("plain"), spec), 30);
          assert.ok(Date.now() - began < 8_000);
        }
      });

      it("takes ten seconds for stragglers among its endpoints", async () => {
        // service.d.ts, condition 2; await/service.go, endpointsSettled
        const began = Date.now();
        await plugin.make(
          serviceUrn,
          service(uniqueName("settles"), { selector: { app: "nobody" } }),
          60,
        );
        assert.ok(Date.now() - began >= 9_500);
      });

      it("fails when its pods are not ready", async () => {
        // service.d.ts, condition 3: no "not ready" endpoints
        const name = uniqueName("unready");
        const annotations = { "pulumi.com/skipAwait": "true" };
        const inputs = deployment(name, forever, { metadata: { annotations } });
        const container = (
          at(inputs, "spec", "template", "spec", "containers") as PropertyMap[]
        )[0]!;
        container["readinessProbe"] = { tcpSocket: { port: 1 }, periodSeconds: 1 };
        const target = await plugin.make(deploymentUrn, inputs);
        const failure = await plugin
          .make(serviceUrn, service(name, { selector: { app: name } }), 14)
          .then(() => assert.fail("it must not succeed"), initializationFailure);
        assert.match(failure.reasons.join("\n"), /not (be )?ready/i);
        await plugin.delete(target);
      });

      it("fails when a load balancer gives it no address", async () => {
        // service.d.ts, condition 4
        const failure = await plugin
          .make(serviceUrn, service(uniqueName("lb"), { type: "LoadBalancer" }), 3)
          .then((made: Resource) => {
            // A cluster with a load balancer answers otherwise, and rightly so.
            assert.ok(at(made.state, "status", "loadBalancer", "ingress"));
          }, initializationFailure);
        if (failure !== undefined) assert.match(failure.reasons.join("\n"), /address/i);
      });
    });
  });

  describe("cancelled", () => {
    it("ends the wait and keeps the resource", async () => {
      // provider.go, Cancel; await/error.go, cancellationError
      const other = await Plugin.start("kubernetes");
      await other.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
      const name = uniqueName("cancel");
      const pending = other
        .make(deploymentUrn, deployment(name, forever, { image: "127.0.0.1:1/no:v1" }))
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await other.cancel();
      const failure = await pending;
      assert.equal(failure.id, `${namespace}/${name}`);
      await other.stop();
      await plugin.delete({
        id: failure.id,
        urn: deploymentUrn,
        inputs: {},
        state: failure.properties,
      });
    });
  });
});
