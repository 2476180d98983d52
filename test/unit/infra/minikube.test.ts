import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import {
  addonProvider,
  clusterProvider,
  imageProvider,
  type ClusterInputs,
  type ClusterState,
} from "../../../infra/targets/minikube-provider";
import { loadSerialised } from "./support/serialised";
import { restoreVariables } from "../../support/environment";

const CLI = path.join(__dirname, "..", "..", "support", "minikube");

const INPUTS: ClusterInputs = {
  profile: "modelport-dev",
  ours: true,
  driver: "docker",
  cpus: 2,
  memoryMebibytes: 4096,
  kubernetesVersion: "",
};

interface Scripted {
  profiles: Record<
    string,
    { host: string; images: string[]; flags: Record<string, string>; addons?: string[] }
  >;
  calls: string[];
  fault?: string;
}

describe("minikube's dynamic provider, against a scripted CLI", () => {
  const saved = { ...process.env };
  let home: string;
  let api: net.Server;

  beforeEach(async () => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "minikube-home-"));
    api = net.createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const { port } = api.address() as net.AddressInfo;
    process.env["MINIKUBE_HOME"] = home;
    process.env["SCRIPTED_SERVER"] = `https://127.0.0.1:${port}`;
    process.env["SCRIPTED_DOCKER"] = "modelport/dev/iris:0123456789abcdef";
    process.env["PATH"] = `${CLI}:${path.dirname(process.execPath)}:/usr/bin:/bin`;
  });

  afterEach(() => {
    restoreVariables(saved);
    api.close();
    fs.rmSync(home, { recursive: true, force: true });
  });

  const scripted = () =>
    JSON.parse(fs.readFileSync(path.join(home, "scripted.json"), "utf8")) as Scripted;
  const change = (edit: (state: Scripted) => void) => {
    const file = path.join(home, "scripted.json");
    const state: Scripted = fs.existsSync(file) ? scripted() : { profiles: {}, calls: [] };
    edit(state);
    fs.writeFileSync(file, JSON.stringify(state));
  };
  const create = async (inputs = INPUTS): Promise<ClusterState> =>
    (await clusterProvider.create(inputs)).outs;

  it("starts a profile of the stack's own and yields a kubeconfig and an address", async () => {
    const { id, outs } = await clusterProvider.create(INPUTS);
    assert.equal(id, "modelport-dev");
    assert.match(outs.kubeconfig, /server: https:\/\/127\.0\.0\.1:\d+/);
    assert.match(outs.kubeconfig, /client-key-data/, "certificates are embedded");
    assert.equal(outs.ip, "192.168.49.2");
    assert.equal(outs.owned, true);
    const { flags } = scripted().profiles["modelport-dev"]!;
    assert.deepEqual([flags["driver"], flags["cpus"], flags["memory"]], ["docker", "2", "4096mb"]);
  });

  it("leaves the user's kubeconfig alone", async () => {
    process.env["KUBECONFIG"] = path.join(home, "users-own");
    await create();
    assert.equal(fs.existsSync(path.join(home, "users-own")), false);
    assert.equal(fs.existsSync(path.join(home, "kubeconfig")), false);
  });

  it("adopts a profile of its own that an interrupted update left", async () => {
    const first = await create();
    const second = await create();
    assert.equal(second.owned, true);
    assert.notEqual(second.incarnation, first.incarnation);
    await clusterProvider.delete("modelport-dev", second);
    assert.deepEqual(scripted().profiles, {});
  });

  it("never deletes a profile that somebody else made", async () => {
    change((state) => {
      state.profiles["minikube"] = { host: "Running", images: [], flags: { driver: "kvm2" } };
    });
    const outs = await create({ ...INPUTS, profile: "minikube", ours: false });
    assert.equal(outs.owned, false);
    await clusterProvider.delete("minikube", outs);
    assert.deepEqual(Object.keys(scripted().profiles), ["minikube"]);
  });

  it("finds nothing to change while the cluster answers, without asking the CLI", async () => {
    const outs = await create();
    change((state) => (state.calls = []));
    const { changes, replaces } = await clusterProvider.diff("modelport-dev", outs, INPUTS);
    assert.deepEqual({ changes, replaces }, { changes: false, replaces: [] });
    assert.deepEqual(scripted().calls, []);
  });

  it("starts a stopped cluster again, in place", async () => {
    const outs = await create();
    change((state) => (state.profiles["modelport-dev"]!.host = "Stopped"));
    api.close();
    const { changes, replaces } = await clusterProvider.diff("modelport-dev", outs, INPUTS);
    assert.deepEqual({ changes, replaces }, { changes: true, replaces: [] });
    const updated = await clusterProvider.update("modelport-dev", outs, INPUTS);
    assert.equal(scripted().profiles["modelport-dev"]!.host, "Running");
    assert.equal(updated.outs.incarnation, outs.incarnation);
  });

  it("replaces a cluster that was deleted behind our back", async () => {
    const outs = await create();
    change((state) => (state.profiles = {}));
    api.close();
    const { changes, replaces } = await clusterProvider.diff("modelport-dev", outs, INPUTS);
    assert.deepEqual({ changes, replaces }, { changes: true, replaces: ["profile"] });
    assert.equal((await clusterProvider.read("modelport-dev", outs)).id, "");
    await clusterProvider.delete("modelport-dev", outs);
  });

  it("replaces on what minikube can't change in place", async () => {
    const outs = await create();
    const { replaces } = await clusterProvider.diff("modelport-dev", outs, {
      ...INPUTS,
      memoryMebibytes: 8192,
    });
    assert.deepEqual(replaces, ["memoryMebibytes"]);
  });

  it("reads a restarted cluster's new port into the kubeconfig", async () => {
    const outs = await create();
    const stale = {
      ...outs,
      kubeconfig: outs.kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"),
    };
    const { props } = await clusterProvider.read("modelport-dev", stale);
    assert.equal(props?.kubeconfig, outs.kubeconfig);
  });

  it("says why start failed, in the CLI's own words", async () => {
    change((state) => (state.fault = "docker is down"));
    await assert.rejects(create(), (error: Error) => {
      assert.match(error.message, /^minikube start .* failed with exit code 69:\nX Exiting due to/);
      assert.match(error.message, /Is the docker daemon running\?/);
      assert.match(error.message, /Suggestion: Start the Docker service/);
      return true;
    });
    assert.deepEqual(scripted().profiles, {});
  });

  it("says what to do where there is no minikube", async () => {
    process.env["PATH"] = home;
    await assert.rejects(create(), /minikube is not on PATH\. .*--stack local/);
  });

  const image = {
    profile: "modelport-dev",
    image: "modelport/dev/iris:0123456789abcdef",
    imageId: "sha256:1",
    incarnation: "a",
  };

  it("loads an image from the local daemon and looks that it is there", async () => {
    await create();
    const { id, outs } = await imageProvider.create(image);
    assert.equal(id, "modelport-dev/modelport/dev/iris:0123456789abcdef");
    assert.equal(outs.ref, image.image);
    assert.ok(scripted().profiles["modelport-dev"]!.images.includes(image.image));
  });

  it("fails when `image load` loaded nothing and said nothing", async () => {
    await create();
    change((state) => (state.fault = "load does nothing"));
    await assert.rejects(imageProvider.create(image), /the node doesn't have the image/);
  });

  it("loads again for another image or another cluster, and not else", async () => {
    const same = await imageProvider.diff("", image, image);
    assert.equal(same.changes, false);
    const rebuilt = await imageProvider.diff("", image, { ...image, imageId: "sha256:2" });
    assert.deepEqual(rebuilt.replaces, ["imageId"]);
    const anew = await imageProvider.diff("", image, { ...image, incarnation: "b" });
    assert.deepEqual(anew.replaces, ["incarnation"]);
  });

  const addon = { profile: "modelport-dev", addon: "ingress", incarnation: "a" };

  it("enables an addon, and disables what it enabled", async () => {
    await create();
    const { id, outs } = await addonProvider.create(addon);
    assert.equal(id, "modelport-dev/ingress");
    assert.deepEqual(scripted().profiles["modelport-dev"]!.addons, ["ingress"]);
    await addonProvider.delete(id, outs);
    assert.deepEqual(scripted().profiles["modelport-dev"]!.addons, []);
  });

  it("leaves an addon on that was on before", async () => {
    await create();
    change((state) => (state.profiles["modelport-dev"]!.addons = ["ingress"]));
    const { id, outs } = await addonProvider.create(addon);
    assert.equal(outs.wasEnabled, true);
    await addonProvider.delete(id, outs);
    assert.deepEqual(scripted().profiles["modelport-dev"]!.addons, ["ingress"]);
    assert.ok(!scripted().calls.some((call) => call.startsWith("addons enable")));
  });

  it("forgets an addon whose profile is gone", async () => {
    await addonProvider.delete("modelport-dev/ingress", { ...addon, wasEnabled: false });
    assert.deepEqual(scripted().calls, ["addons disable ingress --profile modelport-dev"]);
  });

  it("says why an addon doesn't start", async () => {
    await create();
    change((state) => (state.fault = "addon pods don't start"));
    await assert.rejects(
      addonProvider.create(addon),
      /^Error: minikube addons enable ingress .* failed with exit code 10:\nX Exiting due to MK_ADDON_ENABLE/,
    );
  });

  it("enables an addon anew in another cluster, and not else", async () => {
    assert.equal((await addonProvider.diff("", addon, addon)).changes, false);
    const anew = await addonProvider.diff("", addon, { ...addon, incarnation: "b" });
    assert.deepEqual(anew.replaces, ["incarnation"]);
  });

  it("runs from what Pulumi serialises of the bundle", async function () {
    this.timeout(60_000);
    const providers = await loadSerialised();
    const { outs } = await providers.cluster.create(INPUTS);
    assert.equal(outs.ip, "192.168.49.2");
    const unchanged = await providers.cluster.diff("modelport-dev", outs, INPUTS);
    assert.equal(unchanged.changes, false);
    const loaded = await providers.image.create(image);
    assert.equal(loaded.outs.ref, image.image);
    await providers.cluster.delete("modelport-dev", outs);
    assert.deepEqual(scripted().profiles, {});
  });

  it("the scripted CLI refuses what minikube's documentation doesn't list", async () => {
    const { spawnSync } = await import("node:child_process");
    const run = (...args: string[]) =>
      spawnSync(path.join(CLI, "minikube"), args, { encoding: "utf8" });
    const flag = run("start", "--fast");
    assert.equal(flag.status, 14);
    assert.match(flag.stderr, /^Error: unknown flag: --fast\nSee 'minikube start --help'/);
    assert.equal(run("teleport").status, 14);
    assert.equal(run("status", "-p", "nobody").status, 85);
  });
});
