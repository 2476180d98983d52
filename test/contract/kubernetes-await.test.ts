/**
 * What the Kubernetes provider waits for, and how it says that it waited in vain.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeClient } from "../../local/providers/kubernetes/client";
import type { PropertyMap } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import {
  at,
  configMap,
  configMapUrn,
  deployment,
  deploymentUrn,
  missingImage,
  nodeImage,
  runsForever,
} from "./support/manifests";
import {
  initializationFailure,
  isOfficial,
  type InitializationFailure,
  type Plugin,
  urn,
} from "./support/plugin";
import { openSandbox, startPlugin, type Sandbox } from "./support/sandbox";

describe("contract: kubernetes await", function () {
  this.timeout(480_000);
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

  /** Resolves when the API server has it. */
  const there = async (path: string): Promise<void> => {
    while (await sandbox.isGone(path)) await sleep(50);
  };

  /**
   * How a Deployment fails that never becomes ready.
   * @param seconds for its pod to come so far; three times as long each time that this was too short for the machine
   */
  async function failing(
    name: string,
    inputs: PropertyMap,
    seconds: number,
    reason: RegExp,
  ): Promise<InitializationFailure> {
    for (;;) {
      const failure = await plugin
        .make(deploymentUrn, inputs, seconds)
        .then(() => assert.fail("it must not succeed"), initializationFailure);
      const { id, properties: state } = failure;
      assert.equal(id, `${namespace}/${name}`);
      await plugin.delete({ id, urn: deploymentUrn, inputs: {}, state });
      if (reason.test(failure.reasons.join("\n"))) return failure;
      seconds *= 3;
      assert.ok(seconds < 300, failure.reasons.join("\n"));
    }
  }

  it("creates a Deployment when its pods are ready, telling of progress", async () => {
    // await/deployment.go, checkAndLogStatus
    const name = uniqueName("ready");
    const resource = await plugin.make(
      deploymentUrn,
      deployment({ name, namespace }, runsForever, { replicas: 2 }),
    );
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
    const inputs = deployment({ name, namespace }, runsForever, { image });
    const failure = await failing(name, inputs, 12, /ErrImagePull|ImagePullBackOff/);
    assert.ok(at(failure.properties, "metadata", "uid"), "the state holds the live object");
  });

  it("fails with exit code and message when the container crashes", async () => {
    // await/checker/pod/check.go, containerLastTerminationState
    const name = uniqueName("crash");
    const script = "console.error('the model is missing'); process.exit(3)";
    const inputs = deployment({ name, namespace }, script);
    // Without a probe a container counts as ready for the moment before it ends.
    const { containers } = at(inputs, "spec", "template", "spec") as { containers: PropertyMap[] };
    containers[0]!["readinessProbe"] = { tcpSocket: { port: 1 } };
    const failure = await failing(name, inputs, 15, /exit code 3/);
    if (!isOfficial("kubernetes"))
      assert.match(failure.reasons.join("\n"), /the model is missing/, "the last log lines");
  });

  it("fails with the scheduler's words when no node fits", async () => {
    // await/checker/pod/check.go, podScheduled
    const name = uniqueName("huge");
    const inputs = deployment({ name, namespace });
    const pod = at(inputs, "spec", "template", "spec") as PropertyMap;
    pod["nodeSelector"] = { "contract.modelport.example/nowhere": "true" };
    await failing(name, inputs, 6, /node\(s\)/);
  });

  it("tells on a read that a Deployment is not ready", async () => {
    // await/deployment.go, Read; provider.go, Read: partialError
    const name = uniqueName("unread");
    const annotations = { "pulumi.com/skipAwait": "true" };
    const inputs = deployment({ name, namespace, annotations }, runsForever, {
      image: missingImage,
    });
    const resource = await plugin.make(deploymentUrn, inputs);
    const awaited = deployment({ name, namespace }, runsForever, { image: missingImage });
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
    const inputs = deployment({ name, namespace, annotations }, runsForever, {
      image: missingImage,
    });
    const resource = await plugin.make(deploymentUrn, inputs);
    assert.notEqual(at(resource.state, "status", "readyReplicas"), 1);
    await plugin.delete(resource);
  });

  it("takes its deadline from the annotation timeoutSeconds", async () => {
    // metadata/overrides.go, TimeoutDuration
    const annotations = { "pulumi.com/timeoutSeconds": "3" };
    const inputs = deployment({ name: uniqueName("short"), namespace, annotations }, runsForever, {
      image: missingImage,
    });
    const failure = await plugin
      .make(deploymentUrn, inputs)
      .then(() => assert.fail("it must not succeed"), initializationFailure);
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
    const pending = plugin.make(configMapUrn, named(name, { a: "1" }, { annotations }), 300);
    await there(sandbox.path("configmaps", name));
    await sleep(1000);
    await client.apply(sandbox.path("configmaps", name), {
      query: { fieldManager: "somebody" },
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { go: "now" } } },
    });
    const resource = await pending;
    assert.equal(at(resource.state, "metadata", "labels", "go"), "now");
    await assert.rejects(
      plugin.make(
        configMapUrn,
        named(uniqueName("bad"), {}, { annotations: { "pulumi.com/waitFor": "nonsense" } }),
      ),
      /jsonpath=|condition=/,
    );
  });

  it("ends the wait and keeps the resource", async () => {
    // provider.go, Cancel; await/error.go, cancellationError
    const other = await startPlugin();
    const name = uniqueName("cancel");
    const pending = other
      .make(deploymentUrn, deployment({ name, namespace }, runsForever, { image: missingImage }))
      .then(() => assert.fail("it must not succeed"), initializationFailure);
    await there(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    await sleep(1000);
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
