/**
 * What the engine asks of the language host for Node (pulumi/pulumi proto/pulumi/language.proto), whether it is Pulumi's own or,
 * where that can't be downloaded, the toolchain's.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { repositoryRoot } from "../../local/paths";
import { terminalProgress } from "../../local/progress";
import { ensureTools } from "../../local/toolchain";
import { isAlive, type ProcessIdentity } from "../../local/toolchain/process-identity";
import { LanguageHost, messages, NodeProject, type Started } from "./support/language-host";

describe("the language host for Node", function () {
  this.timeout(300_000);
  let host: LanguageHost;
  let project: NodeProject;

  before(async function () {
    this.timeout(3_600_000); // It is built once, from Go.
    await ensureTools(["pulumi"], { progress: terminalProgress() });
  });
  afterEach(async () => {
    await host.stop();
    project.remove();
  });

  async function withCode(code: string, env: Record<string, string> = {}): Promise<void> {
    project = new NodeProject(code);
    host = await LanguageHost.start(env);
  }

  async function packages(directory: string): Promise<pb.GetRequiredPackagesResponse.AsObject> {
    const request = new pb.GetRequiredPackagesRequest().setInfo(
      project.info().setProgramDirectory(directory),
    );
    const response = await host.call<pb.GetRequiredPackagesResponse>((client, answer) =>
      client.getRequiredPackages(request, answer),
    );
    return response.toObject();
  }

  it("names the plugins of this repository's SDKs, the parameterised one with its parameter", async () => {
    await withCode("");
    const { packagesList } = await packages(path.join(repositoryRoot(), "infra"));
    const names = packagesList.map(({ name }) => name);
    for (const name of ["docker", "gcp", "kubernetes", "terraform-provider"])
      assert.ok(names.includes(name), `${name} is missing in ${names.join(", ")}`);
    const file = path.join(repositoryRoot(), "sdks/ibm/package.json");
    const { pulumi } = JSON.parse(fs.readFileSync(file, "utf8")) as {
      pulumi: { version: string; parameterization: Record<string, string> };
    };
    const bridge = packagesList.find(({ name }) => name === "terraform-provider");
    assert.equal(bridge?.kind, "resource");
    assert.equal(bridge.version, `v${pulumi.version}`);
    assert.deepEqual(bridge.parameterization, pulumi.parameterization);
  });

  it("finds plugins of nested, linked and scoped packages, and none in packages that have none", async () => {
    await withCode("");
    project.package("plain", { version: "1.0.0" });
    project.package("@pulumi/policy", { version: "1.0.0", pulumi: { resource: false } });
    project.package(
      "@pulumi/random",
      { version: "4.0.1", pulumi: { resource: true } },
      "node_modules/plain/node_modules",
    );
    project.package(
      "@company/cloud",
      {
        version: "1.2.3",
        pulumi: { resource: true, name: "cloud", version: "2.0.0", server: "https://plugins" },
      },
      "elsewhere",
    );
    fs.mkdirSync(path.join(project.root, "node_modules/@company"));
    fs.symlinkSync(
      "../../elsewhere/@company/cloud",
      path.join(project.root, "node_modules/@company/cloud"),
    );
    fs.symlinkSync("nowhere", path.join(project.root, "node_modules/dangling"));
    project.write("node_modules/broken/package.json", "{");
    const { packagesList } = await packages(project.program);
    assert.deepEqual(
      packagesList.map(({ name, version, server }) => [name, version, server]),
      [
        ["cloud", "v2.0.0", "https://plugins"],
        ["random", "v4.0.1", ""],
      ],
    );
  });

  it("runs the program with what the engine says", async () => {
    await withCode("");
    const request = project
      .request({ typescript: false, nodeargs: '--title="a b"' })
      .setMonitorAddress("127.0.0.1:7")
      .setProject("modelport")
      .setStack("local")
      .setOrganization("organization")
      .setParallel(8)
      .setDryrun(true)
      .setConfigsecretkeysList(["modelport:key"]);
    request.getConfigMap().set("modelport:key", "{}");
    const response = await host.run(request);
    assert.deepEqual(response.toObject(), { error: "", bail: false });
    const { script, argv, env } = project.started() as Started;
    const words = argv.flatMap((arg) => (arg.startsWith("--") ? arg.split("=") : [arg]));
    const value = (flag: string) => words[words.indexOf(`--${flag}`) + 1];
    assert.equal(script, "run");
    assert.equal(value("monitor"), "127.0.0.1:7");
    assert.equal(value("engine"), "127.0.0.1:1");
    assert.equal(value("project"), "modelport");
    assert.equal(value("stack"), "local");
    assert.equal(value("organization"), "organization");
    assert.equal(value("pwd"), project.program);
    assert.equal(value("root-directory"), project.root);
    assert.equal(value("parallel"), "8");
    assert.ok(words.includes("--dry-run"));
    assert.equal(words.at(-1), "main.js");
    const config = JSON.parse(env["PULUMI_CONFIG"] ?? "") as Record<string, string>;
    assert.deepEqual(Object.values(config), ["{}"]);
    assert.deepEqual(JSON.parse(env["PULUMI_CONFIG_SECRET_KEYS"] ?? ""), ["modelport:key"]);
    assert.equal(env["PULUMI_NODEJS_TYPESCRIPT"], undefined);
  });

  it("says how the program failed, unless it told the user itself", async () => {
    await withCode("process.exit(Number(process.argv.at(-1)))");
    const failed = await host.run(project.request().setArgsList(["3"]));
    assert.match(failed.getError(), /exit code:? 3/);
    assert.equal(failed.getBail(), false);
    const told = await host.run(project.request().setArgsList(["32"]));
    assert.deepEqual(told.toObject(), { error: "", bail: true });
  });

  it("says so where the SDK is not installed", async () => {
    await withCode("");
    fs.rmSync(path.join(project.root, "node_modules"), { recursive: true });
    await assert.rejects(host.run(project.request()), /npm install/);
  });

  it("runs a plugin, with its output and its exit code", async () => {
    await withCode('console.log("out"); console.error("err"); process.exit(5)');
    const request = new pb.RunPluginRequest()
      .setPwd(project.program)
      .setKind("resource")
      .setArgsList(["127.0.0.1:9"])
      .setEnvList([`PATH=${process.env["PATH"] ?? ""}`, "MARK=here"])
      .setInfo(project.info());
    const answers = await messages(host.client.runPlugin(request));
    const text = (read: (answer: pb.RunPluginResponse) => string | Uint8Array) =>
      answers.map((answer) => Buffer.from(read(answer)).toString()).join("");
    assert.equal(
      text((answer) => answer.getStdout()),
      "out\n",
    );
    assert.equal(
      text((answer) => answer.getStderr()),
      "err\n",
    );
    assert.equal(answers.at(-1)?.getExitcode(), 5);
    const { script, argv, env } = project.started() as Started;
    assert.deepEqual([script, ...argv], ["run-plugin", project.program, "127.0.0.1:9"]);
    assert.equal(env["MARK"], "here");
  });

  it("runs a policy pack, which wants the engine's address first", async () => {
    await withCode("");
    const request = new pb.RunPluginRequest()
      .setPwd(project.root)
      .setKind("analyzer")
      .setArgsList(["127.0.0.1:9"])
      .setInfo(project.info());
    await messages(host.client.runPlugin(request));
    const { script, argv } = project.started() as Started;
    assert.deepEqual([script, ...argv], ["run-policy-pack", "127.0.0.1:9", project.program]);
  });

  it("installs the dependencies with the project's package manager", async () => {
    const tools = new NodeProject("");
    tools.write("npm", '#!/bin/sh\necho "npm $1 in $PWD"');
    tools.write("pnpm", "#!/bin/sh\necho broken >&2; exit 4");
    await withCode("", { PATH: `${tools.root}:${process.env["PATH"] ?? ""}` });
    const install = (options: Record<string, string>) =>
      messages(
        host.client.installDependencies(
          new pb.InstallDependenciesRequest().setInfo(project.info(options)),
        ),
      );
    const said = (await install({}))
      .map((message) => Buffer.from(message.getStdout_asU8()).toString())
      .join("");
    assert.match(said, new RegExp(`npm install in ${fs.realpathSync(project.program)}`));
    await assert.rejects(install({ packagemanager: "pnpm" }), /4/);
    tools.remove();
  });

  it("knows Node and the program's dependencies", async () => {
    await withCode("");
    project.package("direct", { version: "1.0.0" });
    project.package("indirect", { version: "2.0.0" });
    project.write("package.json", '{ "name": "p", "dependencies": { "direct": "^1.0.0" } }');
    const about = await host.call<pb.AboutResponse>((client, answer) =>
      client.about(new pb.AboutRequest().setInfo(project.info()), answer),
    );
    assert.match(about.getVersion(), /^v\d+\./);
    assert.match(about.getExecutable(), /\/node$/);
    const dependencies = async (transitive: boolean) => {
      const request = new pb.GetProgramDependenciesRequest()
        .setTransitivedependencies(transitive)
        .setInfo(project.info());
      const response = await host.call<pb.GetProgramDependenciesResponse>((client, answer) =>
        client.getProgramDependencies(request, answer),
      );
      return response.getDependenciesList().map((one) => `${one.getName()} ${one.getVersion()}`);
    };
    assert.deepEqual(await dependencies(false), ["direct 1.0.0"]);
    assert.deepEqual(await dependencies(true), [
      "@pulumi/pulumi 3.0.0",
      "direct 1.0.0",
      "indirect 2.0.0",
    ]);
  });

  describe("and the processes it starts", () => {
    const forever = "setInterval(() => {}, 1000)";
    let running: Promise<unknown>;
    let program: number;

    beforeEach(async () => {
      await withCode(forever);
      running = host.run(project.request()).catch(() => undefined);
      program = await until(() => project.started()?.pid);
    });

    it("end with the engine's signal", async () => {
      host.signal("SIGINT");
      await running;
      await gone(host.pid, program);
    });

    it("end when the engine is killed", async () => {
      host.engine.kill("SIGKILL");
      await gone(host.pid, program);
    });

    it("end with the host, killed", async function () {
      if (process.platform !== "linux") this.skip();
      host.signal("SIGKILL");
      await gone(program);
    });

    it("end with the call that they were started for", async () => {
      const request = new pb.RunPluginRequest().setPwd(project.root).setInfo(project.info());
      const [first, call] = [program, host.client.runPlugin(request)];
      call.on("error", () => undefined);
      const second = await until(() => {
        const pid = project.started()?.pid;
        return pid === first ? undefined : pid;
      });
      call.cancel();
      await gone(second);
      assert.ok(isAlive(identity(first)));
    });
  });
});

function identity(pid: number): ProcessIdentity {
  const stat = fs.existsSync(`/proc/${pid}/stat`)
    ? fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    : "";
  return { pid, started: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "" };
}

/** Waits, as long as the test may take. */
async function gone(...pids: number[]): Promise<void> {
  for (const pid of pids) while (isAlive(identity(pid))) await sleep(50);
}

async function until<Value>(read: () => Value | undefined): Promise<Value> {
  for (;;) {
    const value = read();
    if (value !== undefined) return value;
    await sleep(20);
  }
}
