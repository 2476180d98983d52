/**
 * docker.Image: what is built and pushed, and what is left when it fails.
 * Each expectation names the official provider's source (pulumi/pulumi-docker, v5.2) it was read from.
 */
import assert from "node:assert/strict";
import { Secret } from "../../local/providers/rpc/properties";
import { uniqueName } from "./support/cluster";
import { ImageProject, imageUrn, startDockerPlugin } from "./support/image-project";
import { isOfficial, type Plugin, urn } from "./support/plugin";

describe("contract: docker build", function () {
  this.timeout(300_000);
  let project: ImageProject;
  let plugin: Plugin;

  before(async () => {
    project = await ImageProject.open();
    ({ plugin } = project);
  });
  beforeEach(() => project.reset());
  after(() => project.close());

  describe("build", () => {
    it("does nothing in a preview", async () => {
      // provider.go, canPreview: buildOnPreview is false
      const name = `${project.docker.registry}/contract/${uniqueName("preview")}:v1`;
      const inputs = await plugin.check(imageUrn, project.image({}, { imageName: name }));
      const preview = await plugin.create(imageUrn, inputs, { preview: true });
      assert.equal(preview.id, "");
      assert.equal(preview.state["repoDigest"], undefined);
      await assert.rejects(project.cli("image", "inspect", name));
    });

    it("pushes, and answers with a digest the registry knows", async () => {
      // image.go, dockerBuild: outputs
      const name = `${project.docker.registry}/contract/${uniqueName("pushed")}:v1`;
      const resource = await plugin.make(imageUrn, project.image({}, { imageName: name }));
      assert.equal(resource.id, name);
      assert.equal(resource.state["imageName"], name);
      assert.equal(resource.state["baseImageName"], name);
      const [repository, digest] = (resource.state["repoDigest"] as string).split("@");
      assert.equal(`${repository!}:v1`, name);
      const manifest = await fetch(
        `http://${project.docker.registry}/v2/${repository!.slice(project.docker.registry.length + 1)}/manifests/${digest!}`,
        { headers: { Accept: "application/vnd.docker.distribution.manifest.v2+json" } },
      );
      assert.equal(manifest.status, 200);
      await project.cli("image", "rm", name);
    });

    it("tells of each step while it builds", () => {
      // image.go, dockerBuild: LogStatus
      const lines = plugin.engine.lines.filter((line) => line.urn === imageUrn && line.ephemeral);
      assert.ok(lines.some(({ message }) => message.includes("COPY hello.txt")));
    });

    it("keeps an image local with skipPush; its digest is the image's id", async () => {
      // @pulumi/docker image.d.ts, repoDigest
      const name = uniqueName("local");
      const inputs = project.image({}, { imageName: `${name}:v1`, skipPush: true });
      const resource = await plugin.make(imageUrn, inputs);
      const stdout = await project.cli("image", "inspect", "--format", "{{.Id}}", `${name}:v1`);
      assert.equal(resource.state["repoDigest"], stdout);
      await project.cli("image", "rm", `${name}:v1`);
    });

    it("builds the target that is asked for", async () => {
      // image.go, ImageBuildOptions.Target
      project.write(
        "app/Dockerfile",
        "ARG BASE\nFROM ${BASE} AS first\nLABEL stage=first\nFROM first\nLABEL stage=last\n",
      );
      const name = uniqueName("target");
      const inputs = project.image(
        { target: "first" },
        { imageName: `${name}:v1`, skipPush: true },
      );
      await plugin.make(imageUrn, inputs);
      const format = '{{index .Config.Labels "stage"}}';
      const stdout = await project.cli("image", "inspect", "--format", format, `${name}:v1`);
      assert.equal(stdout, "first");
      await project.cli("image", "rm", `${name}:v1`);
    });

    it("fails with what the builder said", async () => {
      // image.go, processLogLine: jm.Error
      project.write("app/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY nowhere.txt /\n");
      await assert.rejects(plugin.make(imageUrn, project.image()), /nowhere\.txt/);
    });

    it("fails when the registry cannot be reached", async () => {
      // image.go, dockerBuild: ImagePush
      const name = `127.0.0.1:1/contract/${uniqueName("nowhere")}:v1`;
      await assert.rejects(
        plugin.make(imageUrn, project.image({}, { imageName: name })),
        /127\.0\.0\.1:1/,
      );
      await project.cli("image", "rm", name);
    });

    it("keeps all inputs secret in the state, as they hold the registry's password", async () => {
      // provider.go, checkpointObject
      const inputs = project.image({}, { imageName: `${uniqueName("secret")}:v1`, skipPush: true });
      const resource = await plugin.make(imageUrn, inputs);
      assert.ok(resource.state["__inputs"] instanceof Secret);
      await project.cli("image", "rm", inputs["imageName"] as string);
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
      const resource = await plugin.make(
        imageUrn,
        project.image({}, { imageName: name, skipPush: true }),
      );
      await plugin.delete(resource);
      await project.cli("image", "inspect", name);
      await project.cli("image", "rm", name);
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

    const failure = async (host: string, cli: string | undefined): Promise<string> => {
      const other = await startDockerPlugin(project.folder, host, cli);
      const message = await other.make(imageUrn, project.image()).then(
        () => assert.fail("it must not succeed"),
        (error: unknown) => (error as Error).message,
      );
      await other.stop();
      return message;
    };

    it("says what to do when there is no docker CLI", async () => {
      const message = await failure(project.docker.host, "/nowhere/docker");
      assert.match(message, /\/nowhere\/docker.*Install Docker/s);
    });

    it("says what to do when no daemon answers", async () => {
      const message = await failure("unix:///nowhere/docker.sock", project.docker.cli);
      assert.match(message, /unix:\/\/\/nowhere\/docker\.sock.*Start it/s);
    });
  });
});
