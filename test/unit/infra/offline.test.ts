import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import type { OfflineRendering } from "../../../infra/offline";
import { copyCheckout } from "../../support/checkout";

const ROOT = path.join(__dirname, "..", "..", "..");

/** A process of its own, as the mocks want it; no cluster, no HOME, no network. */
function render(stack: string, root = ROOT) {
  return spawnSync(
    process.execPath,
    ["--import", "tsx", path.join(root, "infra/offline.ts"), stack],
    { cwd: root, encoding: "utf8", env: { HOME: "/nonexistent", PATH: "/usr/bin:/bin" } },
  );
}

describe("the program offline", () => {
  before(() => {
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });

  for (const stack of ["local", "dev"])
    it(`renders stack ${stack} without a cluster`, () => {
      const { stdout, stderr, status } = render(stack);
      assert.equal(status, 0, stderr);
      const rendering = JSON.parse(stdout) as OfflineRendering;
      assert.equal(rendering.offline, true);
      assert.deepEqual(
        rendering.manifests.map(({ kind }) => kind),
        ["Namespace", "ServiceAccount", "Service", "PodDisruptionBudget", "Deployment"],
      );
      assert.ok(rendering.resources.some(({ type }) => type === "docker:index/image:Image"));
    }).timeout(60_000);

  it("tells of API keys that there are some, under their own name", () => {
    const root = copyCheckout();
    const services = { iris: { models: ["iris"], apiKeys: { me: { secure: "v1:x:y" } } } };
    const config = { "modelport:target": "embedded", "modelport:services": services };
    fs.writeFileSync(path.join(root, "Pulumi.keys.yaml"), stringify({ config }));
    execFileSync(process.execPath, [path.join(root, "local", "build.js"), "server"]);
    const { stdout, stderr, status } = render("keys", root);
    fs.rmSync(root, { recursive: true });
    assert.equal(status, 0, stderr);
    const { manifests } = JSON.parse(stdout) as OfflineRendering;
    const secret = manifests.find(({ kind }) => kind === "Secret");
    assert.deepEqual(secret?.["stringData"], { keys: "<secret>" });
  }).timeout(60_000);

  it("says what a stack's file lacks, once and without a stack trace", () => {
    const { stderr, status } = render("prod");
    assert.equal(status, 1);
    assert.match(stderr, /^stack prod: \d faults in its config, nothing was changed\n/);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(stderr.match(/existing\.registry\.server\n/g)?.length, 1);
  }).timeout(60_000);

  it("names the stacks there are", () => {
    const { stderr, status } = render("locl");
    assert.equal(status, 1);
    assert.match(stderr, /there is no stack locl[\s\S]*one of: dev, local, prod/);
  }).timeout(60_000);
});
