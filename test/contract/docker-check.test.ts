/**
 * docker.Image: its inputs, and the digest that decides whether it is built again.
 * Each expectation names the official provider's source (pulumi/pulumi-docker, v5.2) it was read from.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import sdk from "@pulumi/docker/package.json";
import { Secret, Unknown, type PropertyMap } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import { ImageProject, imageUrn } from "./support/image-project";
import type { Plugin } from "./support/plugin";

describe("contract: docker check and diff", function () {
  this.timeout(300_000);
  let project: ImageProject;
  let plugin: Plugin;

  before(async () => {
    project = await ImageProject.open();
    ({ plugin } = project);
  });
  beforeEach(() => project.reset());
  after(() => project.close());

  it("reports the version the SDK in node_modules asks for", async () => {
    // provider/hybrid.go, GetPluginInfo
    assert.equal(await plugin.version(), sdk.version);
  });

  describe("check", () => {
    it("fills in context, Dockerfile, buildOnPreview and the context's digest", async () => {
      // provider/provider.go, Check
      const inputs = await plugin.check(imageUrn, project.image());
      const build = inputs["build"] as PropertyMap;
      assert.equal(build["dockerfile"], "app/Dockerfile");
      assert.equal(inputs["buildOnPreview"], false);
      assert.match(build["contextDigest"] as string, /^[0-9a-f]{64}$/);
    });

    it("takes the platform of this machine where none is given, and says so", async () => {
      // provider.go, Check: hostPlatform
      const inputs = await plugin.check(imageUrn, project.image({ platform: null }));
      const expected = { x64: "linux/amd64", arm64: "linux/arm64" }[process.arch as string];
      assert.equal((inputs["build"] as PropertyMap)["platform"], expected);
      assert.ok(plugin.engine.messages(imageUrn).some((message) => message.includes(expected!)));
    });

    it("says where the Dockerfile is when its path was taken to start at the context", async () => {
      // provider.go, Check: "Try setting `dockerfile` to"
      await assert.rejects(
        plugin.check(imageUrn, project.image({ dockerfile: "./Dockerfile" })),
        /app\/Dockerfile/,
      );
    });

    it("demands the registry in the name of an image to be pushed", async () => {
      // image.go, getRegistryAddrFromImage
      await assert.rejects(
        plugin.check(imageUrn, project.image({}, { imageName: "app:v1" })),
        /docker\.io/,
      );
      await plugin.check(imageUrn, project.image({}, { imageName: "app:v1", skipPush: true }));
    });

    it("leaves the digest out while the context is not known", async () => {
      // provider.go, Check: knownDockerfile
      const inputs = await plugin.check(imageUrn, project.image({ dockerfile: new Unknown() }));
      assert.equal((inputs["build"] as PropertyMap)["contextDigest"], undefined);
    });

    it("refuses a builder nobody knows", async () => {
      // image.go, marshalBuilder
      await assert.rejects(
        plugin.check(imageUrn, project.image({ builderVersion: "BuilderV9" })),
        /[Bb]uilder/,
      );
    });
  });

  describe("digest of the context", () => {
    it("is the official provider's, to the bit", async () => {
      // provider.go, hashContext. The value was computed by that algorithm with the original's libraries
      // (github.com/tonistiigi/fsutil, github.com/moby/patternmatcher).
      fs.rmSync(path.join(project.folder, "app"), { recursive: true });
      project.write("app/Dockerfile", "FROM scratch\nCOPY . /\n");
      project.write(
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
      for (const [file, text, mode] of files) project.write(`app/${file}`, text, mode);
      const link = (target: string, file: string) =>
        fs.symlinkSync(target, path.join(project.folder, "app", file));
      link("a.txt", "link");
      link("sub", "dirlink");
      link("../keep/yes.md", "sub/up");
      assert.equal(
        await project.digest(),
        "8c26930a4b10917a46ee941253dbddd8320dfa630aad9a760403ff81ef956dc2",
      );
    });

    it("changes with content, name and permission bits, not with time", async () => {
      // provider.go, hashPath
      const first = await project.digest();
      fs.utimesSync(path.join(project.folder, "app/hello.txt"), 1, 1);
      assert.equal(await project.digest(), first);
      fs.chmodSync(path.join(project.folder, "app/hello.txt"), 0o755);
      const executable = await project.digest();
      assert.notEqual(executable, first);
      project.write("app/hello.txt", "hello, you\n", 0o755);
      const changed = await project.digest();
      assert.notEqual(changed, executable);
      fs.renameSync(
        path.join(project.folder, "app/hello.txt"),
        path.join(project.folder, "app/hi.txt"),
      );
      assert.notEqual(await project.digest(), changed);
    });

    it("ignores what .dockerignore names, and prefers <Dockerfile>.dockerignore", async () => {
      // provider.go, getIgnorePatterns
      project.write("app/.dockerignore", "*.tmp\n");
      const first = await project.digest();
      project.write("app/x.tmp", "1");
      assert.equal(await project.digest(), first);
      project.write("app/Dockerfile.dockerignore", "*.log\n");
      const other = await project.digest();
      project.write("app/x.tmp", "2");
      assert.notEqual(await project.digest(), other);
    });

    it("counts a Dockerfile outside the context", async () => {
      // provider.go, hashContext: the Dockerfile is hashed as "Dockerfile"
      project.write("Other", "FROM scratch\n");
      const first = await project.digest({ dockerfile: "Other" });
      project.write("Other", "FROM scratch\nUSER 1\n");
      assert.notEqual(await project.digest({ dockerfile: "Other" }), first);
    });
  });

  describe("diff", () => {
    it("updates when the context changed, and only then", async () => {
      // provider.go, Diff: contextDigest is an input
      const name = { imageName: `${uniqueName("diff")}:v1`, skipPush: true };
      const resource = await plugin.make(imageUrn, project.image({}, name));
      const same = await plugin.diff(
        resource,
        await plugin.check(imageUrn, project.image({}, name)),
      );
      assert.equal(same.changes, false);
      project.write("app/hello.txt", "changed\n");
      const changed = await plugin.diff(
        resource,
        await plugin.check(imageUrn, project.image({}, name)),
      );
      assert.deepEqual([changed.detailed, changed.replaces], [{ build: "UPDATE" }, []]);
      await project.cli("image", "rm", name.imageName);
    });

    it("does not build again for rotated credentials, but for another registry", async () => {
      // provider.go, diffUpdates
      const registry = (server: string, password: string) =>
        project.image({}, { registry: { server, username: "u", password: new Secret(password) } });
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
});
