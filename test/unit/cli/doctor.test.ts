import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { stringify } from "yaml";
import { cloudNeeds, cloudNotes, requireCloud } from "../../../cli/doctor/cloud";
import type { Finding, Surroundings } from "../../../cli/doctor/finding";
import { googleCredentials, googleTools } from "../../../cli/doctor/google";
import { ibmCredentials } from "../../../cli/doctor/ibm";
import { pluginFindings, pluginOf } from "../../../cli/doctor/plugins";
import { existingCluster, imageBuilder } from "../../../cli/doctor/reach";
import { which } from "../../../cli/shell";
import type { StackSettings } from "../../../cli/stack";
import { UserError } from "../../../local/errors";
import { passphraseSalt, seal } from "./support/passphrase";
import { Sandbox } from "./support/sandbox";

describe("what a stack in a cloud needs here", () => {
  let sandbox: Sandbox;
  let env: Record<string, string>;
  beforeEach(() => {
    sandbox = new Sandbox();
    env = {};
  });
  afterEach(() => sandbox.remove());

  const here = (): Surroundings => ({
    env,
    home: sandbox.root,
    which: (name) => which(name, sandbox.bin),
  });

  describe("Google's credentials", () => {
    const key = (type = "service_account") => sandbox.write("key.json", JSON.stringify({ type }));

    it("are missing in an empty place, which says how to get some", () => {
      const { state, detail, fix } = googleCredentials(here());
      assert.equal(state, "missing");
      assert.match(detail, /\.config\/gcloud\/application_default_credentials\.json/);
      assert.match(fix ?? "", /gcloud auth application-default login/);
    });

    it("are gcloud's application default, where CLOUDSDK_CONFIG says", () => {
      const file = ".config/gcloud/application_default_credentials.json";
      sandbox.write(file, JSON.stringify({ type: "authorized_user" }));
      assert.match(googleCredentials(here()).detail, /application default: authorized_user/);
      env["CLOUDSDK_CONFIG"] = "/nowhere";
      assert.equal(googleCredentials(here()).state, "missing");
    });

    it("are a key file, and never what the file holds", () => {
      env["GOOGLE_APPLICATION_CREDENTIALS"] = key();
      const { state, detail } = googleCredentials(here());
      assert.equal(state, "good");
      assert.equal(detail, "$GOOGLE_APPLICATION_CREDENTIALS: service_account");
    });

    it("are refused where the file is missing, no JSON, or no key file", () => {
      for (const [content, expected] of [
        [undefined, /ENOENT/],
        ["-----BEGIN", /is no JSON/],
        ["{}", /is no key file/],
      ] as const) {
        const file = path.join(sandbox.root, "key.json");
        if (content !== undefined) fs.writeFileSync(file, content);
        env["GOOGLE_APPLICATION_CREDENTIALS"] = file;
        const { state, detail } = googleCredentials(here());
        assert.equal(state, "missing", detail);
        assert.match(detail, expected);
      }
    });

    it("are the provider's own variables first: JSON, a path, a token", () => {
      env["GOOGLE_APPLICATION_CREDENTIALS"] = "/nowhere.json";
      env["GOOGLE_CREDENTIALS"] = '{"type": "service_account", "private_key": "hidden"}';
      assert.deepEqual(googleCredentials(here()), {
        name: "Google Cloud",
        state: "good",
        detail: "$GOOGLE_CREDENTIALS",
      });
      env["GOOGLE_CREDENTIALS"] = key("external_account");
      assert.match(googleCredentials(here()).detail, /external_account/);
      env = { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.hidden" };
      assert.equal(googleCredentials(here()).detail, "$GOOGLE_OAUTH_ACCESS_TOKEN");
    });
  });

  it("asks for gke-gcloud-auth-plugin where the kubeconfig does", () => {
    const states = (exec: boolean) => googleTools(exec, here()).map(({ state }) => state);
    assert.deepEqual(states(true), ["missing", "optional"]);
    assert.deepEqual(states(false), ["optional", "optional"]);
    sandbox.executable("gke-gcloud-auth-plugin", "");
    assert.deepEqual(states(true), ["good", "optional"]);
  });

  describe("IBM's credentials", () => {
    const states = (classic: boolean) => ibmCredentials(classic, here()).map(({ state }) => state);

    it("are an API key, by either name", () => {
      assert.deepEqual(states(false), ["missing"]);
      for (const name of ["IC_API_KEY", "IBMCLOUD_API_KEY"]) {
        env = { [name]: "hidden" };
        assert.deepEqual(states(false), ["good"]);
        assert.doesNotMatch(JSON.stringify(ibmCredentials(false, here())), /hidden/);
      }
      env = { IC_API_KEY: "" };
      assert.deepEqual(states(false), ["missing"]);
    });

    it("are a user and a key more on classic infrastructure", () => {
      env = { IC_API_KEY: "x", IAAS_CLASSIC_USERNAME: "me" };
      assert.deepEqual(states(true), ["good", "missing"]);
      env["IAAS_CLASSIC_API_KEY"] = "y";
      assert.deepEqual(states(true), ["good", "good"]);
    });
  });

  describe("plugins", () => {
    const find = (reachable: boolean, asked: string[] = []) =>
      pluginFindings([pluginOf("gcp")], path.join(sandbox.root, "home"), here(), (origin) => {
        asked.push(origin);
        return Promise.resolve(reachable);
      });

    it("are downloaded where they can be, and missing where not", async () => {
      assert.deepEqual(
        [...(await find(true)), ...(await find(false))].map(({ state }) => state),
        ["optional", "missing"],
      );
    });

    it("are found in PULUMI_HOME, in the SDK's version, without asking anybody", async () => {
      const { version } = pluginOf("gcp");
      const asked: string[] = [];
      sandbox.write(`home/plugins/resource-gcp-v${version}/pulumi-resource-gcp`, "");
      assert.deepEqual(
        (await find(false, asked)).map(({ state }) => state),
        ["good"],
      );
      assert.deepEqual(asked, []);
    });

    it("are not the stand-ins, which refuse clusters that are elsewhere", async () => {
      const standIn = sandbox.write("stand-ins/0/pulumi-resource-gcp", "");
      fs.chmodSync(standIn, 0o755);
      fs.symlinkSync(standIn, path.join(sandbox.bin, "pulumi-resource-gcp"));
      assert.deepEqual(
        (await find(false)).map(({ state }) => state),
        ["missing"],
      );
    });

    it("of IBM Cloud are the bridge, which downloads Terraform's provider", () => {
      assert.equal(pluginOf("ibm").name, "terraform-provider");
      assert.equal(pluginOf("ibm").bridges, "terraform-provider-ibm");
    });
  });

  const stack = (target: string, config: Record<string, unknown> = {}) => ({
    stack: "x",
    settings: {
      target,
      config: { "modelport:target": target, ...config },
      hasSalt: false,
    } satisfies StackSettings,
    backend: { PULUMI_HOME: path.join(sandbox.root, "home") },
  });
  const named = (findings: Finding[], name: string) =>
    findings.find((finding) => finding.name === name);

  it("is all of it for each target, with nothing there", async () => {
    for (const [target, names] of [
      ["gke", ["Google Cloud", "gke-gcloud-auth-plugin", "plugin gcp"]],
      ["iks", ["IBM Cloud", "plugin terraform-provider"]],
      ["openshift", ["IBM Cloud", "plugin terraform-provider"]],
    ] as const) {
      const found = await cloudNeeds(stack(target), here(), () => Promise.resolve(false));
      assert.deepEqual(
        found.filter(({ state }) => state === "missing").map(({ name }) => name),
        [...names, "plugin kubernetes", "plugin docker"],
      );
      for (const { state, fix } of found) assert.ok(state !== "missing" || fix !== undefined);
    }
  });

  it("are no credentials of the providers' own config, which the program's don't read", async () => {
    for (const [target, key, name, variable] of [
      ["gke", "gcp:credentials", "Google Cloud", "GOOGLE_CREDENTIALS"],
      ["gke", "gcp:accessToken", "Google Cloud", "GOOGLE_OAUTH_ACCESS_TOKEN"],
      ["iks", "ibm:ibmcloudApiKey", "IBM Cloud", "IC_API_KEY"],
    ] as const) {
      const context = stack(target, { [key]: { secure: "v1" } });
      const found = await cloudNeeds(context, here(), () => Promise.resolve(true));
      assert.equal(named(found, name)?.state, "missing");
      const { state, fix } = named(found, key) ?? {};
      assert.equal(state, "note");
      assert.equal(fix, `set ${variable} instead, and: pulumi config rm ${key} --stack x`);
    }
  });

  it("needs no gcloud plugin for a kubeconfig with a token", async () => {
    const config = { "modelport:gke": { project: "my-project-123", kubeconfig: "token" } };
    const found = await cloudNeeds(stack("gke", config), here(), () => Promise.resolve(true));
    assert.equal(named(found, "gke-gcloud-auth-plugin")?.state, "optional");
  });

  it("is told at once, before anything is made", async () => {
    const never = () => Promise.resolve(false);
    await assert.rejects(requireCloud(stack("iks"), here(), never), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 3);
      assert.match(error.why ?? "", /IC_API_KEY[\s\S]*plugin terraform-provider/);
      return true;
    });
  });

  it("tells of quotas and the price before any money is spent", async () => {
    const gke = {
      project: "my-project-123",
      mode: "standard",
      nodes: { maxNodes: 9, diskGb: 100 },
      gpuPool: { type: "nvidia-l4" },
    };
    const notes = await cloudNotes(stack("gke", { "modelport:gke": gke }));
    assert.match(named(notes, "quota SSD_TOTAL_GB")?.detail ?? "", /1000 GB at most/);
    assert.match(named(notes, "quota GPUS_ALL_REGIONS")?.detail ?? "", /is 0 in a new project/);
    assert.match(named(notes, "costs")?.detail ?? "", /^about \$\d+\.\d\d an hour, \$\d+ a month/);
  });

  it("tells of IBM's free registry and closed regions, without a key", async () => {
    const classic = { infrastructure: "classic", classic: { datacenter: "fra02" } };
    for (const [target, more] of [
      ["iks", {}],
      ["iks", classic],
      ["openshift", {}],
    ] as const) {
      const section = { region: "eu-de", registryNamespace: "acme-models", ...more };
      const notes = await cloudNotes(stack(target, { [`modelport:${target}`]: section }));
      assert.match(named(notes, "quota of registry")?.detail ?? "", /512 MB/, target);
      assert.equal(named(notes, "classic region") !== undefined, more === classic);
      assert.match(named(notes, "costs")?.detail ?? "", /an hour/);
    }
  });

  it("counts classic balancers, which are Kubernetes Service's own exposure", async () => {
    const classic = { infrastructure: "classic", classic: { datacenter: "fra02" } };
    const note = async (target: "iks" | "openshift", count: number, service: object = {}) => {
      const services = Array.from({ length: count }, (_, index) => [
        `s${index}`,
        { models: ["iris"], ...service },
      ]);
      const section = { region: "eu-de", registryNamespace: "acme-models", ...classic };
      const notes = await cloudNotes(
        stack(target, {
          [`modelport:${target}`]: section,
          "modelport:services": Object.fromEntries(services) as object,
        }),
      );
      return named(notes, "quota of balancers")?.detail;
    };
    assert.match((await note("iks", 5)) ?? "", /^5 services want one/);
    assert.equal(await note("iks", 4), undefined);
    assert.equal(await note("iks", 5, { exposure: "ClusterIP" }), undefined);
    assert.equal(await note("openshift", 5), undefined);
    assert.match((await note("openshift", 5, { exposure: "LoadBalancer" })) ?? "", /^5 services/);
  });

  const existing = (more: object = {}) =>
    stack("existing", {
      "modelport:existing": {
        kubeconfig: path.join(sandbox.root, "none.yaml"),
        registry: { server: "registry.example.com" },
      },
      ...more,
    });

  it("is a cluster that answers, where one exists", async () => {
    const { state, detail, fix } = await existingCluster(existing());
    assert.equal(state, "missing");
    assert.match(detail, /^kubeconfig \S+none\.yaml can't be read: ENOENT/);
    assert.match(fix ?? "", /^pulumi config set .*existing\.kubeconfig/);
  });

  it("is asked with a kubeconfig that stands in config as a secret", async () => {
    const server = http.createServer((_, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const { port } = server.address() as AddressInfo;
    const kubeconfig = stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "u", user: { token: "t" } }],
    });
    const salt = passphraseSalt("open sesame");
    const secure = seal(kubeconfig, "open sesame", salt);
    const context = stack("existing", {
      "modelport:existing": {
        kubeconfig: { secure },
        registry: { server: "registry.example.com" },
      },
    });
    const settings = { ...context.settings, salt };
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "open sesame";
    const { state, detail } = await existingCluster({ ...context, settings });
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "another";
    const closed = await existingCluster({ ...context, settings });
    server.close();
    assert.equal(state, "good", detail);
    assert.equal(closed.state, "missing");
    assert.match(closed.detail, /secrets of stack x can't be opened/);
  });

  it("is a Docker daemon where something is built here, and git where the cluster builds", async () => {
    const source = (iris: object) => existing({ "modelport:services": { iris } });
    const prediction = { path: "/score", body: {} };
    const image = `registry.example.com/iris@sha256:${"a".repeat(64)}`;
    assert.equal((await imageBuilder(source({ models: ["iris"] }))).state, "missing");
    assert.equal((await imageBuilder(source({ image, prediction }))).state, "good");
    const git = { repository: "https://git.example.com/iris.git" };
    const fromGit = source({ build: { git }, prediction });
    assert.match((await imageBuilder(fromGit)).detail, /git is not on PATH/);
    sandbox.executable("git", "");
    assert.equal((await imageBuilder(fromGit)).state, "good");
  });

  it("counts the balancers that a classic cluster has no address for, the default ones too", async () => {
    const section = {
      region: "eu-de",
      registryNamespace: "acme-models",
      infrastructure: "classic",
      classic: { datacenter: "fra02" },
    };
    const names = ["a", "b", "c", "d", "e"];
    const services = Object.fromEntries(names.map((name) => [name, { models: ["iris"] }]));
    const config = (target: string) =>
      stack(target, { [`modelport:${target}`]: section, "modelport:services": services });
    const quota = async (target: string) =>
      named(await cloudNotes(config(target)), "quota of balancers");
    assert.match((await quota("iks"))?.detail ?? "", /^5 services want one/);
    assert.equal(await quota("openshift"), undefined);
  });

  it("says nothing of quotas where the config has faults", async () => {
    assert.deepEqual(await cloudNotes(stack("gke", { "modelport:gke": {} })), []);
  });
});
