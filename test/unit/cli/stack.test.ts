import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { chooseStack, knownStacks, readStackSettings } from "../../../cli/stack";
import { UserError } from "../../../local/errors";
import { Sandbox } from "./support/sandbox";

describe("which stack a command means", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const minikube = () => sandbox.executable("minikube", "echo v1.37.0");

  it("is the one asked for, whatever the machine has", async () => {
    minikube();
    sandbox.executable("docker", "echo 28.0.0");
    assert.deepEqual(await chooseStack("local"), { name: "local" });
  });

  it("is $PULUMI_STACK where nothing was asked for", async () => {
    process.env["PULUMI_STACK"] = "dev";
    assert.deepEqual(await chooseStack(), { name: "dev" });
  });

  it("is dev with a minikube and a responding Docker daemon", async () => {
    minikube();
    sandbox.executable("docker", 'test "$1" = info && echo 28.0.0');
    const { name, reason } = await chooseStack();
    assert.equal(name, "dev");
    assert.match(reason ?? "", /minikube and a responding Docker daemon/);
  });

  it("is local without minikube, and Docker is not even asked", async () => {
    const marker = path.join(sandbox.root, "asked");
    sandbox.executable("docker", `touch ${marker}; echo 28.0.0`);
    const { name, reason } = await chooseStack();
    assert.equal(name, "local");
    assert.match(reason ?? "", /no minikube is on PATH/);
    assert.equal(fs.existsSync(marker), false);
  });

  it("is local with a Docker CLI without a daemon", async () => {
    minikube();
    sandbox.executable("docker", "echo Cannot connect to the Docker daemon >&2; exit 1");
    const { name, reason } = await chooseStack();
    assert.equal(name, "local");
    assert.match(reason ?? "", /no Docker daemon answers/);
  });

  it("is local with a daemon that hangs", async () => {
    minikube();
    sandbox.executable("docker", "exec sleep 120");
    assert.equal((await chooseStack()).name, "local");
  });

  it("stays with the one that exists", async () => {
    minikube();
    sandbox.executable("docker", "echo 28.0.0");
    sandbox.checkpoint("local", "{}");
    const { name, reason } = await chooseStack();
    assert.equal(name, "local");
    assert.match(reason ?? "", /exists already/);
  });

  it("is refused by name if there is no file for it, with those there are", async () => {
    await assert.rejects(chooseStack("prodd"), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, /no stack "prodd"/);
      assert.match(error.fix ?? "", /dev, iks, local, openshift, prod/);
      return true;
    });
  });
});

describe("the settings of a stack", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const refused = (expected: RegExp) =>
    assert.throws(
      () => readStackSettings("x", sandbox.root),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.exitCode, 2);
        assert.match(`${error.message} ${error.why}`, expected);
        return true;
      },
    );

  it("can be read from every file of the checkout", () => {
    const targets = knownStacks().map((name) => readStackSettings(name).target);
    assert.ok(targets.length >= 3);
    assert.equal(readStackSettings("local").target, "embedded");
    assert.equal(readStackSettings("local").hasSalt, true);
  });

  it("need a target", () => {
    sandbox.write("Pulumi.x.yaml", "config: {}\n");
    refused(/names no target.*missing/);
  });

  it("must be YAML", () => {
    sandbox.write("Pulumi.x.yaml", "config: {modelport:target: [\n");
    refused(/can't be read/);
  });
});
