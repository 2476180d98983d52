import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { graphLines } from "../../../cli/offline";
import type { OfflineRendering } from "../../../infra/offline";

const ROOT = path.join(__dirname, "..", "..", "..");
const DEPLOYMENT = "kubernetes:apps/v1:Deployment::iris";

/** What the committed stacks register, besides what every stack has. */
const STACKS = {
  local: ["pulumi:providers:kubernetes"],
  dev: ["pulumi-nodejs:dynamic/minikube:Cluster", "pulumi-nodejs:dynamic/minikube:Image"],
  prod: [
    "gcp:container/cluster:Cluster",
    "gcp:artifactregistry/repository:Repository",
    "gcp:compute/address:Address",
    "gcp:compute/routerNat:RouterNat",
  ],
  iks: [
    "ibm:index/containerVpcCluster:ContainerVpcCluster",
    "ibm:index/isSubnet:IsSubnet",
    "ibm:index/crNamespace:CrNamespace",
    "ibm:index/iamServiceApiKey:IamServiceApiKey",
  ],
  openshift: [
    "ibm:index/containerVpcCluster:ContainerVpcCluster",
    "ibm:index/resourceInstance:ResourceInstance",
    "kubernetes:route.openshift.io/v1:Route",
  ],
} as const;

/** A process of its own, as the mocks want it; no cluster, no HOME, no credentials, no network. */
function render(stack: string) {
  return spawnSync(
    process.execPath,
    ["--import", "tsx", path.join(ROOT, "infra/offline.ts"), stack],
    { cwd: ROOT, encoding: "utf8", env: { HOME: "/nonexistent", PATH: "/usr/bin:/bin" } },
  );
}

describe("the program offline", function () {
  this.timeout(300_000);
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "offline-"));
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  /** @returns the path of a stack's file */
  function stackFile(name: string, config: object): string {
    const file = path.join(folder, `Pulumi.${name}.yaml`);
    fs.writeFileSync(file, stringify({ config }));
    return file;
  }

  function rendering(stack: string): OfflineRendering {
    const { stdout, stderr, status } = render(stack);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as OfflineRendering;
  }

  for (const [stack, types] of Object.entries(STACKS))
    it(`renders stack ${stack} without cluster or credentials`, () => {
      const { offline, resources, manifests, examples } = rendering(stack);
      assert.equal(offline, true);
      const all = resources.map(({ type }) => type);
      for (const type of [...types, "docker:index/image:Image"])
        assert.ok(all.includes(type), type);
      const kinds = manifests.map(({ kind }) => kind);
      for (const kind of ["Namespace", "NetworkPolicy", "Service", "Deployment"])
        assert.ok(kinds.includes(kind), kind);
      assert.ok(kinds.indexOf("Namespace") < kinds.indexOf("Deployment"), "in an order to apply");
      for (const example of Object.values(examples)) assert.doesNotMatch(String(example), /[<>]/);
    });

  it("knows each resource's parent, and what it waits for", () => {
    const { resources } = rendering("local");
    const identities = resources.map(({ type, name }) => `${type}::${name}`);
    const deployment = resources[identities.indexOf(DEPLOYMENT)];
    assert.equal(deployment?.parent, "modelport:index:InferenceService::iris");
    const image = "docker:index/image:Image::iris";
    for (const other of [image, "kubernetes:core/v1:Namespace::modelport-local"])
      assert.ok(deployment.dependencies.includes(other), other);
    for (const { parent, dependencies } of resources)
      for (const other of [...dependencies, ...(parent === undefined ? [] : [parent])])
        assert.ok(identities.includes(other), other);
    const lines = graphLines("local", resources);
    assert.equal(lines.length, resources.length + 1);
    assert.match(
      lines.join("\n"),
      /├─ modelport:index:InferenceService +iris\n \+ │ {2}├─ kubernetes:/,
    );
  });

  it("says which examples stand for placeholders", () => {
    const { examples } = rendering("prod");
    assert.deepEqual(Object.keys(examples), ["modelport:gke.project"]);
  });

  it("takes a stack file's path, and tells of secrets only that there are some", () => {
    const services = {
      iris: {
        models: ["iris"],
        apiKeys: { me: { secure: "v1:x:y" } },
        secrets: { db: { PASSWORD: { secure: "v1:x:y" } } },
      },
    };
    const file = stackFile("keys", {
      "modelport:target": "embedded",
      "modelport:services": services,
    });
    const { stack, manifests, resources } = rendering(file);
    assert.equal(stack, "keys");
    const secrets = manifests.filter(({ kind }) => kind === "Secret");
    assert.deepEqual(
      secrets.map(({ stringData }) => stringData),
      [{ keys: "<secret>" }, { PASSWORD: "<secret>" }],
    );
    assert.doesNotMatch(JSON.stringify({ manifests, resources }), /offline-secret-value/);
  });

  it("says what a stack's file lacks, once and without a stack trace", () => {
    const file = stackFile("bad", { "modelport:target": "existing", "modelport:servces": {} });
    const { stderr, status } = render(file);
    assert.equal(status, 1);
    assert.match(stderr, /^stack bad: \d faults in its config, nothing was changed\n/);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(stderr.match(/modelport:existing\.registry\n/g)?.length, 1);
  });

  it("leaves a placeholder that has no example, as a fault", () => {
    const file = stackFile("unfilled", {
      "modelport:target": "embedded",
      "modelport:services": { iris: { models: ["iris"], env: { COLOUR: "<a colour>" } } },
    });
    const { stderr, status } = render(file);
    assert.equal(status, 1);
    assert.match(stderr, /services\.iris\.env\.COLOUR\n {4}got: {5}the placeholder <a colour>/);
  });

  it("names the stacks there are", () => {
    const { stderr, status } = render("locl");
    assert.equal(status, 1);
    assert.match(stderr, /there is no stack locl[\s\S]*one of: dev, iks, local, openshift, prod/);
  });
});
