import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { type Launch, launchOf } from "../../../../cli/dev/launch";
import { planDev, type DevService } from "../../../../cli/dev/plan";
import type { ServiceConfig } from "../../../../infra/config/service";
import { parseConfig } from "../../../../infra/config";
import { UserError } from "../../../../local/errors";
import { repositoryRoot } from "../../../../local/paths";
import { freePort } from "../../../support/environment";
import { Sandbox } from "../support/sandbox";

const ROOT = repositoryRoot();
const DIGEST = `registry.example.com/own@sha256:${"a".repeat(64)}`;
const KEY = "0123456789abcdef";

function services(own: Record<string, unknown>): Readonly<Record<string, ServiceConfig>> {
  const values = {
    "modelport:target": "embedded",
    "modelport:services": JSON.stringify(own),
    "modelport:embedded": "{}",
  };
  const secretKeys = ["modelport:services"];
  return parseConfig({ stack: "x", values, secretKeys, models: ["iris", "spam"] }).services;
}

describe("what `modelport dev` starts", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const launches = (planned: readonly DevService[]): Launch[] =>
    planned.map((service) =>
      launchOf(service, { stack: "x", services: planned, scratch: sandbox.root }),
    );

  it("the built-in server, with the Deployment's environment and links to the models", async () => {
    const planned = await planDev(
      services({
        iris: {
          models: ["iris", "spam"],
          versions: { iris: 1 },
          apiKeys: { me: KEY },
          server: { maxRows: 7 },
          env: { NEXT: "http://other/predict" },
        },
        other: { models: ["spam"] },
      }),
      "modelport-x",
    );
    const [iris, other] = launches(planned);
    const { env } = iris!;
    assert.deepEqual(
      [env["DEFAULT_MODEL"], env["MODEL_VERSIONS"], env["MAX_ROWS"], env["HOST"]],
      ["iris", "iris=1", "7", "127.0.0.1"],
    );
    assert.equal(env["NEXT"], `http://127.0.0.1:${planned[1]!.port}/predict`);
    const models = env["MODELS_DIR"]!;
    assert.deepEqual(fs.readdirSync(models).sort(), ["iris", "spam"]);
    assert.equal(
      fs.realpathSync(path.join(models, "spam")),
      path.join(fs.realpathSync(ROOT), "app/models/spam"),
    );
    const keys = env["API_KEYS_FILE"]!;
    assert.match(fs.readFileSync(keys, "utf8"), /^me [0-9a-f]{64}\n$/);
    assert.equal(fs.statSync(keys).mode & 0o777, 0o600);
    assert.doesNotMatch(JSON.stringify(env), new RegExp(KEY));
    assert.equal(other!.env["API_KEYS_FILE"], undefined);
    const ports = planned.flatMap(({ port, grpcPort, metricsPort }) => [
      port,
      grpcPort,
      metricsPort,
    ]);
    assert.equal(new Set(ports).size, 6);
  });

  it("an own container's program by its command, with this shell's environment and a free port", async () => {
    process.env["FROM_THE_SHELL"] = "yes";
    const port = await freePort();
    const own = {
      build: { context: "app" },
      port,
      prediction: { body: {} },
      env: { BACK: "http://iris:80" },
      dev: { command: ["python3", "app.py"] },
    };
    const planned = await planDev(services({ iris: { models: ["iris"] }, own }), "modelport-x");
    const launch = launches(planned)[1]!;
    assert.deepEqual([launch.argv, launch.cwd], [["python3", "app.py"], path.join(ROOT, "app")]);
    assert.deepEqual(
      [launch.env["PORT"], launch.env["BACK"], launch.env["FROM_THE_SHELL"]],
      [String(port), `http://127.0.0.1:${planned[0]!.port}`, "yes"],
    );
    assert.equal(launch.build, undefined);
  });

  it("an own container by the Docker daemon, and takes it away afterwards", async () => {
    const docker = sandbox.executable("docker", `echo "$@" >> ${sandbox.root}/calls; echo 28.0.0`);
    const port = await freePort();
    const own = {
      build: { context: "app", dockerfile: "Own.Dockerfile" },
      port,
      prediction: { body: {} },
      env: { A: "b c" },
    };
    const planned = await planDev(services({ own }), "modelport-x");
    const launch = launches(planned)[0]!;
    const context = path.join(ROOT, "app");
    assert.deepEqual(launch.build, [
      docker,
      ...["build", "--tag", "modelport-dev/x/own"],
      ...["--file", path.join(context, "Own.Dockerfile"), context],
    ]);
    assert.deepEqual(launch.argv.slice(0, 6), [
      docker,
      ...["run", "--rm", "--init", "--name", "modelport-dev-x-own"],
    ]);
    assert.ok(launch.argv.includes("A=b c") && launch.argv.includes(`PORT=${port}`));
    assert.equal(launch.argv.at(-1), "modelport-dev/x/own");
    if (process.platform === "linux") assert.ok(launch.argv.join(" ").includes("--network host"));
    await launch.cleanUp!();
    assert.match(
      fs.readFileSync(path.join(sandbox.root, "calls"), "utf8"),
      /^rm --force modelport-dev-x-own$/m,
    );
  });

  it("names both ways where nothing can run a container", async () => {
    const own = { image: DIGEST, prediction: { body: {} } };
    await assert.rejects(
      planDev(services({ own }), "modelport-x"),
      (error) =>
        error instanceof UserError &&
        /no docker command/.test(error.why ?? "") &&
        /start Docker; or .*services\.own\.dev: \{command/.test(error.fix ?? ""),
    );
    sandbox.executable("docker", "exit 1");
    await assert.rejects(
      planDev(services({ own }), "modelport-x"),
      (error) => error instanceof UserError && /no Docker daemon/.test(error.why ?? ""),
    );
  });

  it("takes the next free port, but no other than the one that was named", async () => {
    const server = net.createServer();
    const taken = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port));
    });
    const iris = services({ iris: { models: ["iris"] } });
    const own = {
      image: DIGEST,
      port: taken,
      prediction: { body: {} },
      dev: { command: ["node"] },
    };
    const [planned] = await planDev(services({ own }), "modelport-x");
    assert.ok(planned!.port > taken);
    await assert.rejects(
      planDev(iris, "modelport-x", taken),
      (error) => error instanceof UserError && error.message.includes(`port ${taken}`),
    );
    server.close();
  });
});
