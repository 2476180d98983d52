import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { buildCommand, buildImage } from "../../../../../local/providers/docker/build";
import { DockerCli } from "../../../../../local/providers/docker/cli";
import { mergeLogin } from "../../../../../local/providers/docker/credentials";
import { parseImage, serverOf, type Image } from "../../../../../local/providers/docker/inputs";
import type { EngineLog } from "../../../../../local/providers/rpc/engine";

const password = "hunter2-canary";
const image = (more: Partial<Image["build"]> = {}): Image => {
  const parsed = parseImage({
    imageName: "registry.example:5000/team/app:v1",
    registry: { server: "registry.example:5000", username: "me", password },
    build: { context: "ctx", args: { TOKEN: "build-secret", PATH: "/x" } },
  });
  return { ...parsed, build: { ...parsed.build, ...more } };
};

/** Writes down how it was called, and answers as Docker would. */
const scriptedCli = `#!/bin/sh
{ echo "args: $*"; echo "buildkit: $DOCKER_BUILDKIT token: $TOKEN"; } >> "$LOG"
case "$*" in
  *version*--format*) echo "$DAEMON_VERSION" ;;
  *buildx*) exit "\${BUILDX:-0}" ;;
  *build*) echo "step using ${password}"; exit "\${BUILD:-0}" ;;
  *push*) stat -c 'config: %a' "$DOCKER_CONFIG" >> "$LOG"; cat "$DOCKER_CONFIG/config.json" >> "$LOG"; echo "$DOCKER_CONFIG" > "$LOG.config" ;;
  *inspect*) echo '[{"Id":"sha256:1","RepoDigests":["other@sha256:2","registry.example:5000/team/app@sha256:3"]}]' ;;
esac
`;

describe("building with a docker CLI", () => {
  let folder: string;
  const environment = [
    "MODELPORT_DOCKER",
    "LOG",
    "DAEMON_VERSION",
    "BUILD",
    "BUILDX",
    "DOCKER_CONFIG",
  ];
  const saved = new Map<string, string | undefined>();
  const told: string[] = [];
  const engine: EngineLog = {
    log: (_severity, message) => void told.push(message),
    status: (message) => void told.push(message),
    flushed: () => Promise.resolve(),
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-docker-test-"));
    const program = path.join(folder, "docker");
    fs.writeFileSync(program, scriptedCli, { mode: 0o755 });
    for (const name of environment) saved.set(name, process.env[name]);
    for (const name of environment) Reflect.deleteProperty(process.env, name);
    process.env["MODELPORT_DOCKER"] = program;
    process.env["LOG"] = path.join(folder, "log");
    process.env["DAEMON_VERSION"] = "28.2.2";
    process.env["DOCKER_CONFIG"] = path.join(folder, "home");
    told.length = 0;
  });
  afterEach(() => {
    for (const [name, value] of saved)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    fs.rmSync(folder, { recursive: true });
  });

  const build = (given: Image) => {
    const none = { context: undefined, certPath: undefined };
    const pem = { caMaterial: undefined, certMaterial: undefined, keyMaterial: undefined };
    const cli = new DockerCli({ host: "unix:///x.sock", ...none, ...pem });
    const signal = new AbortController().signal;
    return buildImage({ cli, engine, urn: "u", signal }, given, true);
  };
  const calls = () => fs.readFileSync(path.join(folder, "log"), "utf8");

  it("signs in through a folder of its own that nobody else can read, and removes it", async () => {
    await build(image());
    assert.match(calls(), /config: 700/);
    const auth = Buffer.from(`me:${password}`).toString("base64");
    assert.ok(calls().includes(`"registry.example:5000":{"auth":"${auth}"}`), calls());
    const config = fs.readFileSync(path.join(folder, "log.config"), "utf8").trim();
    assert.ok(!fs.existsSync(config));
    assert.ok(!fs.existsSync(path.join(folder, "home")), "the user's own is not touched");
  });

  it("keeps the password and build arguments off the command line, the password out of all logs", async () => {
    await build(image());
    const lines = calls().split("\n");
    const commands = lines.filter((line) => line.startsWith("args:")).join("\n");
    assert.ok(!commands.includes(password) && !commands.includes("build-secret"), commands);
    assert.match(calls(), /token: build-secret/);
    assert.ok(told.includes("step using ***"), told.join("\n"));
    assert.ok(!told.join("\n").includes(password));
  });

  it("keeps the password out of the error", async () => {
    process.env["BUILD"] = "1";
    await assert.rejects(build(image()), (error: Error) => {
      assert.match(error.message, /building .* failed:\nstep using \*\*\*/);
      return true;
    });
  });

  it("answers with the digest in the image's own repository", async () => {
    const outputs = await build(image());
    assert.equal(outputs["repoDigest"], "registry.example:5000/team/app@sha256:3");
  });

  it("uses BuildKit where daemon and CLI have it, else the classic builder", async () => {
    await build(image());
    assert.match(calls(), /buildkit: 1 token: build-secret/);
    fs.rmSync(path.join(folder, "log"));
    process.env["DAEMON_VERSION"] = "20.10.24";
    await build(image());
    assert.match(calls(), /buildkit: 0 token: build-secret/);
    fs.rmSync(path.join(folder, "log"));
    process.env["DAEMON_VERSION"] = "28.2.2";
    process.env["BUILDX"] = "1";
    await build(image());
    assert.match(calls(), /buildkit: 0 token: build-secret/);
  });

  it("refuses BuildKit where it was asked for and is not to be had", async () => {
    process.env["DAEMON_VERSION"] = "20.10.24";
    await assert.rejects(build(image({ builder: "buildkit" })), /BuilderBuildKit.*20\.10\.24/);
  });
});

describe("the build command", () => {
  it("passes all options, the context last", () => {
    const { args } = buildCommand(
      image({
        dockerfile: "ctx/Dockerfile",
        platform: "linux/arm64",
        target: "t",
        network: "none",
        addHosts: ["a:1.2.3.4"],
        cacheFrom: ["x/y:z"],
        args: {},
      }),
    );
    assert.deepEqual(args, [
      ...["build", "--file", "ctx/Dockerfile", "--tag", "registry.example:5000/team/app:v1"],
      ...["--platform", "linux/arm64", "--target", "t", "--network", "none"],
      ...["--add-host", "a:1.2.3.4", "--cache-from", "x/y:z", "ctx"],
    ]);
  });

  it("does not set variables that mean something to the CLI itself", () => {
    const { args, buildArgs } = buildCommand(
      image({ args: { PATH: "/x", DOCKER_HOST: "y", MODELPORT_TEST_ONLY: "z" } }),
    );
    assert.deepEqual(buildArgs, { MODELPORT_TEST_ONLY: "z" });
    assert.ok(args.includes("PATH=/x") && args.includes("DOCKER_HOST=y"));
  });
});

describe("a login", () => {
  it("leaves all other servers to the user's credentials store", () => {
    const config = {
      credsStore: "desktop",
      auths: { "ghcr.io": {}, "registry.example": {} },
      credHelpers: { "gcr.io": "gcloud" },
      proxies: {},
    };
    const merged = mergeLogin(config, {
      server: "https://registry.example/v2/",
      username: "a",
      password: "b",
    });
    assert.deepEqual(merged, {
      proxies: {},
      auths: { "ghcr.io": {}, "registry.example": { auth: "YTpi" } },
      credHelpers: { "ghcr.io": "desktop", "gcr.io": "gcloud" },
    });
  });

  it("at Docker Hub goes under its historical name", () => {
    const merged = mergeLogin({}, { server: "docker.io", username: "a", password: "b" });
    assert.deepEqual(Object.keys(merged.auths ?? {}), ["https://index.docker.io/v1/"]);
  });
});

describe("the registry in an image's name", () => {
  const names: [string, string | undefined][] = [
    ["docker.io/team/app", "docker.io"],
    ["localhost/app", "localhost"],
    ["localhost:5000/app:v1", "localhost:5000"],
    ["team/app", undefined],
    ["app:v1", undefined],
  ];
  for (const [name, server] of names)
    it(`of ${name} is ${server ?? "none"}`, () => {
      assert.equal(serverOf(name), server);
    });
});
