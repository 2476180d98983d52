import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { repositoryRoot } from "../../../../local/paths";
import type { StandIns } from "../../../../local/toolchain";
import { runChild } from "./support/spawn";
import { executable, removeTemporaryFolders, temporaryFolder } from "./support/temporary";

describe("local/toolchain/stand-ins", function () {
  this.timeout(60_000);
  afterEach(removeTemporaryFolders);

  /** A Pulumi on PATH that can't download plugins. */
  function machine(): Record<"PATH" | "XDG_CACHE_HOME" | "XDG_STATE_HOME" | "PULUMI_HOME", string> {
    const bin = temporaryFolder();
    executable(path.join(bin, "pulumi"), '[ "$1" = version ] && echo v3.225.0');
    executable(path.join(bin, "pulumi-language-nodejs"), "");
    executable(path.join(bin, "pulumi-resource-pulumi-nodejs"), "");
    executable(path.join(bin, "node"), "echo v24.0.0");
    return {
      PATH: `${bin}:/usr/bin:/bin`,
      XDG_CACHE_HOME: temporaryFolder(),
      XDG_STATE_HOME: temporaryFolder(),
      PULUMI_HOME: temporaryFolder(),
    };
  }

  it("run this checkout's bundles where no official plugin is to be had", async () => {
    const answer = await runChild(["standIns"], machine());
    const { dir, used } = answer?.ok as StandIns;
    assert.deepEqual(used, ["kubernetes", "docker"]);
    const script = fs.readFileSync(path.join(dir, "pulumi-resource-docker"), "utf8");
    assert(script.includes(path.join(repositoryRoot(), "dist/provider-docker.js")));
    fs.accessSync(path.join(dir, "pulumi-resource-kubernetes"), fs.constants.X_OK);
  });

  it("give way to official plugins, on PATH or installed", async () => {
    const env = machine();
    const first = (await runChild(["standIns"], env))?.ok as StandIns;
    executable(path.join(env.PATH.split(":")[0] ?? "", "pulumi-resource-kubernetes"), "");
    const manifest = path.join(repositoryRoot(), "node_modules/@pulumi/docker/package.json");
    const { version } = JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string };
    const installed = path.join(env.PULUMI_HOME, "plugins", `resource-docker-v${version}`);
    executable(path.join(installed, "pulumi-resource-docker"), "");
    // What toolEnvironment puts on PATH must not pass for an official plugin.
    const again = { ...env, PATH: `${first.dir}:${env.PATH}` };
    assert.deepEqual(((await runChild(["standIns"], again))?.ok as StandIns).used, []);
    assert.deepEqual(fs.readdirSync(first.dir), []);
  });

  it("don't pass for official plugins where the cache is behind a link", async () => {
    const env = machine();
    const link = path.join(temporaryFolder(), "cache");
    fs.symlinkSync(env.XDG_CACHE_HOME, link);
    // In a PULUMI_HOME of its own they are among the installed plugins.
    const own = path.join(env.XDG_STATE_HOME, "modelport/pulumi-home");
    const linked = { ...env, XDG_CACHE_HOME: link, PULUMI_HOME: own };
    for (let run = 1; run <= 2; run++) {
      const { dir, used } = (await runChild(["standIns"], linked))?.ok as StandIns;
      assert.deepEqual(used, ["kubernetes", "docker"]);
      assert.equal(fs.readdirSync(dir).length, 2);
    }
  });

  it("are on the PATH of the environment, behind the toolchain's Pulumi and Node", async () => {
    const env = machine();
    const answer = await runChild(["environment"], env);
    const { PATH, ...rest } = answer?.ok as Record<string, string>;
    const parts = (PATH ?? "").split(":");
    const pulumi = env.PATH.split(":")[0] ?? "";
    assert.equal(parts[0], pulumi);
    assert.equal(parts.filter((dir) => dir === pulumi).length, 1);
    // The Node is the one that runs this, where it is new enough, else the one on PATH.
    const old = process.versions.node.startsWith("20.");
    const expected = [pulumi, ...(old ? [] : [path.dirname(process.execPath)])];
    assert.deepEqual(parts.slice(0, expected.length), expected);
    const standIns = parts[expected.length] ?? "";
    assert.match(standIns, /\/modelport\/stand-ins\/[0-9a-f]{12}$/);
    assert.deepEqual(rest, {
      NODE_COMPILE_CACHE: path.join(env.XDG_CACHE_HOME, "modelport/compile-cache"),
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    });
  });

  it("pass arguments to the dynamic-provider script as Pulumi's own does", () => {
    const project = temporaryFolder();
    const module = path.join(project, "node_modules/@pulumi/pulumi/cmd/dynamic-provider");
    fs.mkdirSync(module, { recursive: true });
    const program = "console.log(JSON.stringify(process.argv.slice(2)))";
    fs.writeFileSync(path.join(module, "index.js"), program);
    const script = "local/toolchain/go/pulumi/pulumi-resource-pulumi-nodejs";
    const file = path.join(repositoryRoot(), script);
    const out = execFileSync(file, ["127.0.0.1:1", "--root", "a b"], { cwd: project }).toString();
    assert.deepEqual(JSON.parse(out), ["127.0.0.1:1", "--root", "a b"]);
  });
});
