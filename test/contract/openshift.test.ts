/**
 * OpenShift's Builds and image streams before a real API server and the Kubernetes provider: their definitions are stand-ins
 * without rules, and a test plays the build controller. What the program relies on: the wait ends when a build does, well or not, and
 * the state then holds what the cluster said of it.
 */
import assert from "node:assert/strict";
import { existing as schema } from "../../infra/config/targets/existing";
import type { GitSource } from "../../infra/git-source";
import { build, type Build, type BuildStatus } from "../../infra/manifests/build";
import { imageStream } from "../../infra/manifests/image-stream";
import { existing } from "../../infra/targets/existing";
import { builtImage } from "../../infra/targets/openshift/git-build";
import { ApiError } from "../../local/providers/kubernetes/client";
import type { PlainObject, PropertyMap } from "../../local/providers/rpc/properties";
import { testKubeconfig } from "./support/cluster";
import { at } from "./support/manifests";
import { urn } from "./support/plugin";
import { openSandbox, type Sandbox } from "./support/sandbox";

const DIGEST = `sha256:${"a".repeat(64)}`;
const KINDS = [
  ["build.openshift.io", "Build", "builds"],
  ["image.openshift.io", "ImageStream", "imagestreams"],
] as const;

const SOURCE: GitSource = {
  repository: "https://github.com/example/iris.git",
  commit: "0123456789abcdef0123456789abcdef01234567",
  ref: "HEAD",
  contextDir: ".",
  strategy: { kind: "docker", dockerfile: "Dockerfile" },
  rebuild: 0,
};

describe("contract: OpenShift's kinds", function () {
  this.timeout(600_000);
  let sandbox: Sandbox;
  const identity = { stack: "contract", service: "iris" };
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

  before(async () => {
    sandbox = await openSandbox();
    for (const [group, kind, plural] of KINDS) {
      await sandbox.client.create(definitions, { body: definition(group, kind, plural) });
      await there(pathOf(group, plural));
    }
  });
  after(async () => {
    for (const [group, , plural] of KINDS)
      await sandbox.client.delete(`${definitions}/${plural}.${group}`, {
        body: { propagationPolicy: "Background" },
      });
    await sandbox.close();
  });

  const pathOf = (group: string, plural: string, name = "") =>
    `/apis/${group}/v1/namespaces/${sandbox.namespace}/${plural}${name === "" ? "" : `/${name}`}`;

  /** Until the API server has it. */
  async function there(path: string): Promise<void> {
    for (let attempt = 0; ; attempt += 1)
      try {
        await sandbox.client.get(path);
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || attempt > 600) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
  }

  /** As the build controller does, a while later. */
  async function say(name: string, status: PlainObject): Promise<void> {
    const [group, kind, plural] = KINDS[0];
    const path = pathOf(group, plural, name);
    await there(path);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await sandbox.client.apply(path, {
      query: { fieldManager: "controller" },
      body: { apiVersion: `${group}/v1`, kind, metadata: { name }, status },
    });
  }

  const manifest = (rebuild: number): Build =>
    build({ identity, namespace: sandbox.namespace, source: { ...SOURCE, rebuild } });

  async function run(object: Build, ...statuses: PlainObject[]) {
    let said = 0;
    const made = sandbox.plugin
      .make(urn("kubernetes:build.openshift.io/v1:Build", object.metadata.name), plain(object), 300)
      .finally(() => assert.equal(said, statuses.length, "not before it ended"));
    for (const status of statuses) {
      const saying = say(object.metadata.name, status);
      said++;
      await saying;
    }
    return made;
  }

  const facts = (object: Build) => ({
    stack: "contract",
    service: "iris",
    source: SOURCE,
    build: object,
  });

  it("waits until a build has ended, and knows its digest", async () => {
    const object = manifest(0);
    const resource = await run(
      object,
      { phase: "Running" },
      {
        phase: "Complete",
        completionTimestamp: new Date().toISOString(),
        outputDockerImageReference: "registry.svc:5000/builds/iris:tag",
        output: { to: { imageDigest: DIGEST } },
      },
    );
    const status = at(resource.state, "status") as BuildStatus;
    assert.equal(builtImage(facts(object), status), `registry.svc:5000/builds/iris@${DIGEST}`);
    await sandbox.plugin.delete(resource);
  });

  it("ends the wait at once when a build failed, and knows why", async () => {
    const object = manifest(1);
    const resource = await run(object, {
      phase: "Failed",
      reason: "FetchSourceFailed",
      completionTimestamp: new Date().toISOString(),
      logSnippet: "fatal: repository not found",
    });
    const status = at(resource.state, "status") as BuildStatus;
    assert.throws(
      () => builtImage(facts(object), status),
      /build Failed: FetchSourceFailed\n +fatal: repository not found/,
    );
    await sandbox.plugin.delete(resource);
  });

  it("names no repository where there is no registry behind the image streams", async () => {
    const object = imageStream({ identity, namespace: sandbox.namespace });
    const resource = await sandbox.plugin.make(
      urn("kubernetes:image.openshift.io/v1:ImageStream", "iris"),
      plain(object),
    );
    assert.equal(
      at(resource.state, "status"),
      undefined,
      "so that the program can refuse to build",
    );
    await sandbox.plugin.delete(resource);
  });

  it("is what target existing detects", async () => {
    const config = schema.parse({
      kubeconfig: testKubeconfig(),
      registry: { server: "registry.example.com" },
    });
    const { capabilities } = await existing(config);
    assert.equal(capabilities.gitBuild, true);
    assert.deepEqual(capabilities.exposures, ["NodePort", "ClusterIP"], "there are no Routes");
  });
});

const plain = (object: object) => JSON.parse(JSON.stringify(object)) as PropertyMap;

function definition(group: string, kind: string, plural: string): PlainObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      scope: "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        },
      ],
    },
  };
}
