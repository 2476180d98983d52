/**
 * docker.Image: inputs, digest of the context, build, push, outputs. Each expectation names the official
 * provider's source (pulumi/pulumi-docker, v5.2) it was read from.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import sdk from "@pulumi/docker/package.json";
import { Secret, Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import { testDocker, type TestDocker } from "./support/docker";
import { isOfficial, Plugin, urn } from "./support/plugin";

const imageUrn = urn("docker:index/image:Image", "app");
const run = promisify(execFile);

describe("contract: docker image", function () {
  this.timeout(120_000);
  let docker: TestDocker;
  let plugin: Plugin;
  let project: string;

  const image = (build: PropertyMap = {}, more: PropertyMap = {}): PropertyMap => ({
    imageName: `${docker.registry}/contract/app:v1`,
    build: { context: "app", platform: "linux/amd64", args: { BASE: docker.baseImage }, ...build },
    ...more,
  });
  const digestOf = (inputs: PropertyMap) => (inputs["build"] as PropertyMap)["contextDigest"];
  const write = (file: string, text: string, mode = 0o644): void => {
    const target = path.join(project, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
    fs.chmodSync(target, mode);
  };
  const cli = (...args: string[]) =>
    run(docker.cli ?? "docker", ["-H", docker.host, ...args], { encoding: "utf8" });

  before(async () => {
    docker = testDocker();
    project = await fs.promises.mkdtemp(path.join(os.tmpdir(), "modelport-contract-"));
    plugin = await Plugin.start("docker", {
      cwd: project,
      env: docker.cli === undefined ? {} : { MODELPORT_DOCKER: docker.cli },
    });
    await plugin.configure({ "docker:config:host": docker.host });
  });
  beforeEach(async () => {
    await fs.promises.rm(path.join(project, "app"), { recursive: true, force: true });
    write("app/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY hello.txt /hello.txt\n");
    write("app/hello.txt", "hello\n");
  });
  after(async () => {
    await plugin.stop();
    await fs.promises.rm(project, { recursive: true, force: true });
  });

  it("reports the version the SDK in node_modules asks for", async () => {
    // provider/hybrid.go, GetPluginInfo
    assert.equal(await plugin.version(), sdk.version);
  });

  describe("check", () => {
    it("fills in context, Dockerfile, buildOnPreview and the context's digest", async () => {
      // provider/provider.go, Check
      const inputs = await plugin.check(imageUrn, image());
      const build = inputs["build"] as PropertyMap;
      assert.equal(build["dockerfile"], "app/Dockerfile");
      assert.equal(inputs["buildOnPreview"], false);
      assert.match(build["contextDigest"] as string, /^[0-9a-f]{64}$/);
    });

    it("takes the platform of this machine where none is given, and says so", async () => {
      // provider.go, Check: hostPlatform
      const inputs = await plugin.check(imageUrn, image({ platform: null }));
      const expected = { x64: "linux/amd64", arm64: "linux/arm64" }[process.arch as string];
      assert.equal((inputs["build"] as PropertyMap)["platform"], expected);
      assert.ok(plugin.engine.messages(imageUrn).some((message) => message.includes(expected!)));
    });

    it("says where the Dockerfile is when its path was taken to start at the context", async () => {
      // provider.go, Check: "Try setting `dockerfile` to"
      await assert.rejects(
        plugin.check(imageUrn, image({ dockerfile: "./Dockerfile" })),
        /app\/Dockerfile/,
      );
    });

    it("demands the registry in the name of an image to be pushed", async () => {
      // image.go, getRegistryAddrFromImage
      await assert.rejects(
        plugin.check(imageUrn, image({}, { imageName: "app:v1" })),
        /docker\.io/,
      );
      await plugin.check(imageUrn, image({}, { imageName: "app:v1", skipPush: true }));
    });

    it("leaves the digest out while the context is not known", async () => {
      // provider.go, Check: knownDockerfile
      const inputs = await plugin.check(imageUrn, image({ dockerfile: new Unknown() }));
      assert.equal(digestOf(inputs), undefined);
    });

    it("refuses a builder nobody knows", async () => {
      // image.go, marshalBuilder
      await assert.rejects(
        plugin.check(imageUrn, image({ builderVersion: "BuilderV9" })),
        /[Bb]uilder/,
      );
    });
  });

  describe("digest of the context", () => {
    const digest = async (build: PropertyMap = {}) =>
      digestOf(await plugin.check(imageUrn, image(build)));

    it("is the official provider's, to the bit", async () => {
      // provider.go, hashContext. The value was computed by that algorithm with the original's libraries
      // (github.com/tonistiigi/fsutil, github.com/moby/patternmatcher).
      fs.rmSync(path.join(project, "app"), { recursive: true });
      write("app/Dockerfile", "FROM scratch\nCOPY . /\n");
      write(
        "app/.dockerignore",
        "# c\n*.log\nnode_modules\n!node_modules/a/keep.txt\n**/tmp?\nkeep/\n!keep/yes.md\n/sub/*.bin\n",
      );
      const files: [string, string, number?][] = [
        ["a.txt", "a\n"],
        ["a", "x\n", 0o755],
        ["x.log", "l\n"],
        ["node_modules/m", "m\n"],
        ["node_modules/a/keep.txt", "k\n"],
        ["sub/deep/tmp1", "d\n"],
        ["sub/deep/f.log", "e\n"],
        ["sub/z.bin", "b\n", 0o4711],
        ["sub/deep/z.bin", "b2\n"],
        ["keep/yes.md", "y\n"],
        ["keep/no.md", "n\n"],
        ["ü.txt", "ü\n"],
        ["Z", "Z\n", 0o600],
      ];
      for (const [file, text, mode] of files) write(`app/${file}`, text, mode);
      const link = (target: string, file: string) =>
        fs.symlinkSync(target, path.join(project, "app", file));
      link("a.txt", "link");
      link("sub", "dirlink");
      link("../keep/yes.md", "sub/up");
      assert.equal(
        await digest(),
        "8c26930a4b10917a46ee941253dbddd8320dfa630aad9a760403ff81ef956dc2",
      );
    });

    it("changes with content, name and permission bits, not with time", async () => {
      // provider.go, hashPath
      const first = await digest();
      fs.utimesSync(path.join(project, "app/hello.txt"), 1, 1);
      assert.equal(await digest(), first);
      fs.chmodSync(path.join(project, "app/hello.txt"), 0o755);
      const executable = await digest();
      assert.notEqual(executable, first);
      write("app/hello.txt", "hello, you\n", 0o755);
      const changed = await digest();
      assert.notEqual(changed, executable);
      fs.renameSync(path.join(project, "app/hello.txt"), path.join(project, "app/hi.txt"));
      assert.notEqual(await digest(), changed);
    });

    it("ignores what .dockerignore names, and prefers <Dockerfile>.dockerignore", async () => {
      // provider.go, getIgnorePatterns
      write("app/.dockerignore", "*.tmp\n");
      const first = await digest();
      write("app/x.tmp", "1");
      assert.equal(await digest(), first);
      write("app/Dockerfile.dockerignore", "*.log\n");
      const other = await digest();
      write("app/x.tmp", "2");
      assert.notEqual(await digest(), other);
    });

    it("counts a Dockerfile outside the context", async () => {
      // provider.go, hashContext: the Dockerfile is hashed as "Dockerfile"
      write("Other", "FROM scratch\n");
      const first = await digest({ dockerfile: "Other" });
      write("Other", "FROM scratch\nUSER 1\n");
      assert.notEqual(await digest({ dockerfile: "Other" }), first);
    });
  });

  describe("build", () => {
    it("does nothing in a preview", async () => {
      // provider.go, canPreview: buildOnPreview is false
      const name = `${docker.registry}/contract/${uniqueName("preview")}:v1`;
      const inputs = await plugin.check(imageUrn, image({}, { imageName: name }));
      const preview = await plugin.create(imageUrn, inputs, { preview: true });
      assert.equal(preview.id, "");
      assert.equal(preview.state["repoDigest"], undefined);
      await assert.rejects(cli("image", "inspect", name));
    });

    it("pushes, and answers with a digest the registry knows", async () => {
      // image.go, dockerBuild: outputs
      const name = `${docker.registry}/contract/${uniqueName("pushed")}:v1`;
      const resource = await plugin.make(imageUrn, image({}, { imageName: name }));
      assert.equal(resource.id, name);
      assert.equal(resource.state["imageName"], name);
      assert.equal(resource.state["baseImageName"], name);
      const [repository, digest] = (resource.state["repoDigest"] as string).split("@");
      assert.equal(`${repository!}:v1`, name);
      const manifest = await fetch(
        `http://${docker.registry}/v2/${repository!.slice(docker.registry.length + 1)}/manifests/${digest!}`,
        { headers: { Accept: "application/vnd.docker.distribution.manifest.v2+json" } },
      );
      assert.equal(manifest.status, 200);
      await cli("image", "rm", name);
    });

    it("tells of each step while it builds", () => {
      // image.go, dockerBuild: LogStatus
      const lines = plugin.engine.lines.filter((line) => line.urn === imageUrn && line.ephemeral);
      assert.ok(lines.some(({ message }) => message.includes("COPY hello.txt")));
    });

    it("keeps an image local with skipPush; its digest is the image's id", async () => {
      // @pulumi/docker image.d.ts, repoDigest
      const name = uniqueName("local");
      const inputs = image({}, { imageName: `${name}:v1`, skipPush: true });
      const resource = await plugin.make(imageUrn, inputs);
      const { stdout } = await cli("image", "inspect", "--format", "{{.Id}}", `${name}:v1`);
      assert.equal(resource.state["repoDigest"], stdout.trim());
      await cli("image", "rm", `${name}:v1`);
    });

    it("builds the target that is asked for", async () => {
      // image.go, ImageBuildOptions.Target
      write(
        "app/Dockerfile",
        "ARG BASE\nFROM ${BASE} AS first\nLABEL stage=first\nFROM first\nLABEL stage=last\n",
      );
      const name = uniqueName("target");
      const inputs = image({ target: "first" }, { imageName: `${name}:v1`, skipPush: true });
      await plugin.make(imageUrn, inputs);
      const format = '{{index .Config.Labels "stage"}}';
      const { stdout } = await cli("image", "inspect", "--format", format, `${name}:v1`);
      assert.equal(stdout.trim(), "first");
      await cli("image", "rm", `${name}:v1`);
    });

    it("fails with what the builder said", async () => {
      // image.go, processLogLine: jm.Error
      write("app/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY nowhere.txt /\n");
      await assert.rejects(plugin.make(imageUrn, image()), /nowhere\.txt/);
    });

    it("fails when the registry cannot be reached", async () => {
      // image.go, dockerBuild: ImagePush
      const inputs = image({}, { imageName: "127.0.0.1:1/contract/app:v1" });
      await assert.rejects(plugin.make(imageUrn, inputs), /127\.0\.0\.1:1/);
    });

    it("keeps all inputs secret in the state, as they hold the registry's password", async () => {
      // provider.go, checkpointObject
      const inputs = image({}, { imageName: `${uniqueName("secret")}:v1`, skipPush: true });
      const resource = await plugin.make(imageUrn, inputs);
      assert.ok(resource.state["__inputs"] instanceof Secret);
      await cli("image", "rm", inputs["imageName"] as string);
    });
  });

  describe("diff", () => {
    it("updates when the context changed, and only then", async () => {
      // provider.go, Diff: contextDigest is an input
      const name = { imageName: `${uniqueName("diff")}:v1`, skipPush: true };
      const resource = await plugin.make(imageUrn, image({}, name));
      const same = await plugin.diff(resource, await plugin.check(imageUrn, image({}, name)));
      assert.equal(same.changes, false);
      write("app/hello.txt", "changed\n");
      const changed = await plugin.diff(resource, await plugin.check(imageUrn, image({}, name)));
      assert.deepEqual([changed.detailed, changed.replaces], [{ build: "UPDATE" }, []]);
      await cli("image", "rm", name.imageName);
    });

    it("does not build again for rotated credentials, but for another registry", async () => {
      // provider.go, diffUpdates
      const registry = (server: string, password: string) =>
        image({}, { registry: { server, username: "u", password: new Secret(password) } });
      const inputs = await plugin.check(imageUrn, registry("a.example", "one"));
      const resource = { id: "x", urn: imageUrn, inputs, state: { __inputs: new Secret(inputs) } };
      const rotated = await plugin.diff(
        resource,
        await plugin.check(imageUrn, registry("a.example", "two")),
      );
      assert.equal(rotated.changes, false);
      const moved = await plugin.diff(
        resource,
        await plugin.check(imageUrn, registry("b.example", "one")),
      );
      assert.deepEqual(moved.detailed, { registry: "UPDATE" });
    });
  });

  describe("read and delete", () => {
    it("read gives back what it was given", async () => {
      // provider.go, Read: no reconciliation
      const state = { imageName: "x" };
      const read = await plugin.read(imageUrn, "x", state, state);
      assert.deepEqual([read.id, read.state, read.inputs], ["x", state, state]);
    });

    it("delete leaves tags where they are", async () => {
      // provider.go, Delete; image.d.ts: "does not delete tags"
      const name = `${uniqueName("kept")}:v1`;
      const resource = await plugin.make(imageUrn, image({}, { imageName: name, skipPush: true }));
      await plugin.delete(resource);
      await cli("image", "inspect", name);
      await cli("image", "rm", name);
    });
  });

  describe("a stand-in only", () => {
    before(function () {
      if (isOfficial("docker")) this.skip();
    });

    it("refuses any other resource, and says what to do", async () => {
      // DESIGN.md, stand-in providers
      await assert.rejects(
        plugin.check(urn("docker:index/container:Container", "c"), {}),
        /pulumi plugin install resource docker/,
      );
    });

    const failing = async (env: Record<string, string>, host: string): Promise<string> => {
      const other = await Plugin.start("docker", { cwd: project, env });
      await other.configure({ "docker:config:host": host });
      const message = await other.make(imageUrn, image()).then(
        () => assert.fail("it must not succeed"),
        (error: unknown) => (error as Error).message,
      );
      await other.stop();
      return message;
    };

    it("says what to do when there is no docker CLI", async () => {
      const message = await failing({ MODELPORT_DOCKER: "/nowhere/docker" }, docker.host);
      assert.match(message, /\/nowhere\/docker.*Install Docker/s);
    });

    it("says what to do when no daemon answers", async () => {
      const env = docker.cli === undefined ? {} : { MODELPORT_DOCKER: docker.cli };
      const message = await failing(env, "unix:///nowhere/docker.sock");
      assert.match(message, /unix:\/\/\/nowhere\/docker\.sock.*Start it/s);
    });
  });
});
