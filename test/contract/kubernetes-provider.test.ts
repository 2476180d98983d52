/**
 * The Kubernetes provider itself: its configuration, and its conduct without a cluster.
 * Each expectation names the official provider's source (pulumi/pulumi-kubernetes, v4.34) it was read from.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import sdk from "@pulumi/kubernetes/package.json";
import { Unknown } from "../../local/providers/rpc/properties";
import { repositoryRoot } from "../../local/paths";
import { testKubeconfig } from "./support/cluster";
import { configMap, configMapUrn, stored } from "./support/manifests";
import { isOfficial, Plugin, urn } from "./support/plugin";
import { startPlugin } from "./support/sandbox";

describe("contract: kubernetes provider", function () {
  this.timeout(300_000);
  let plugin: Plugin;

  before(async () => {
    plugin = await Plugin.start("kubernetes");
    await plugin.configure({ "kubernetes:config:kubeconfig": testKubeconfig() });
  });
  after(() => plugin.stop());

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

    it("takes a server that does not answer for unreachable, not for an error", async () => {
      // provider.go, Configure: clusterUnreachable
      const silent = await startPlugin({
        kubeconfig: JSON.stringify({
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
          clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
          users: [{ name: "u", user: { token: "t" } }],
        }),
      });
      const inputs = configMap({ name: "mine", namespace: "default" });
      await assert.rejects(silent.create(configMapUrn, inputs), /127\.0\.0\.1:1/);
      await silent.stop();
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

    it("ends by itself when the engine was killed", async () => {
      // The engine's own plugins notice too: a killed `pulumi up` must not leave processes behind.
      const script = `const { spawn } = require("node:child_process");
        const child = spawn(process.execPath, [process.argv[1], "127.0.0.1:1"], { stdio: ["ignore", "pipe", "ignore"] });
        child.stdout.once("data", () => console.log(child.pid));`;
      const bundle = path.join(repositoryRoot(), "dist", "provider-kubernetes.js");
      const engine = spawn(process.execPath, ["-e", script, bundle], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [pid] = (await once(engine.stdout, "data")) as [Buffer];
      engine.kill("SIGKILL");
      const isRunning = (): boolean => {
        try {
          return process.kill(Number(String(pid)), 0);
        } catch {
          return false;
        }
      };
      while (isRunning()) await new Promise((resolve) => setTimeout(resolve, 100));
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
