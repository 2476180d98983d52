import assert from "node:assert/strict";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { DataPlane } from "../../../app/server/data-plane";
import { Metrics } from "../../../app/server/observability/metrics";
import { readSettings, type Environment } from "../../../app/server/settings";
import { numbers, silent, x } from "./support/graph";
import { centring, scaling, slow } from "./support/graphs";
import { retrainedModels, shippedModels, temporaryModels } from "./support/models";
import { get, post, runServer } from "./support/server";

/** Follows nothing: what it loads is what there is. */
const dataPlaneOf = (MODELS_DIR: string, environment: Environment = {}) =>
  new DataPlane(
    readSettings({ MODELS_DIR, MODELS_POLL_SECONDS: "0", ...environment }),
    silent,
    new Metrics(),
  );

describe("models and versions", () => {
  it("the newest version on disk is the default, compared as a number", async () => {
    const models = temporaryModels().add("iris", retrainedModels);
    models.edit("iris", ({ versions, ...rest }) => {
      const { "1": one, "2": two } = versions as Record<string, unknown>;
      return { ...rest, versions: { "1": one, "2": two, "10": one, "11": two } };
    });
    cpSync(models.in("iris/1"), models.in("iris/10"), { recursive: true });
    const dataPlane = dataPlaneOf(models.path);
    await dataPlane.load();
    assert.equal(dataPlane.find().version, "10", "11 is known, but not there");
    assert.deepEqual(
      dataPlane.status().models.map(({ version }) => version),
      ["10", "2", "1"],
    );
    await dataPlane.close();
  });

  it("each version answers as itself; outputs come in model.json's order", async () => {
    const { path } = temporaryModels()
      .addGraph("scaling", scaling(2))
      .addGraph("scaling", scaling(3), "2");
    const dataPlane = dataPlaneOf(path);
    await dataPlane.load();
    for (const [version, expected] of [
      ["1", [2, 4]],
      ["2", [3, 6]],
      [undefined, [3, 6]],
    ] as const)
      assert.deepEqual(
        numbers(await dataPlane.find("scaling", version).infer(x([1, 2]))),
        expected,
      );
    await dataPlane.close();
  });

  it("MODEL_VERSIONS: only those versions, the newest of them by default", async () => {
    const models = temporaryModels().add("other");
    for (const version of ["1", "2", "3"]) models.addGraph("scaling", scaling(1), version);
    const of = async (MODEL_VERSIONS: string) => {
      const dataPlane = dataPlaneOf(models.path, { MODEL_VERSIONS });
      await dataPlane.load();
      const { ready, models: all } = dataPlane.status();
      const versions = all.map(({ name, version, state }) => `${name} ${version ?? ""} ${state}`);
      const served = dataPlane.models().map(({ name, defaultVersion }) => [name, defaultVersion]);
      await dataPlane.close();
      return { ready, versions, served };
    };
    assert.deepEqual(await of("scaling=1,2"), {
      ready: true,
      versions: ["other 1 ready", "scaling 2 ready", "scaling 1 ready"],
      served: [
        ["other", "1"],
        ["scaling", "2"],
      ],
    });
    assert.deepEqual(await of("scaling=7"), {
      ready: false,
      versions: ["other 1 ready", "scaling 7 failed"],
      served: [
        ["other", "1"],
        ["scaling", undefined],
      ],
    });
    assert.deepEqual((await of("rose=1")).versions.slice(1), [
      "rose  failed",
      ...["3", "2", "1"].map((version) => `scaling ${version} ready`),
    ]);
  });

  it("a model whose rows change each other's answers is served, each request on its own", async () => {
    const dataPlane = dataPlaneOf(temporaryModels().addGraph("centring", centring()).path);
    await dataPlane.load();
    const served = dataPlane.find("centring");
    const answers = await Promise.all([served.infer(x([5, 7])), served.infer(x([1, 1], [3, 5]))]);
    assert.deepEqual(answers.map(numbers), [
      [0, 0],
      [-1, -2, 1, 2],
    ]);
    await dataPlane.close();
  });

  it("folders that are links are models like others; hidden ones and lost+found are none", async () => {
    const models = temporaryModels();
    symlinkSync(`${shippedModels}/iris`, models.in("iris"));
    for (const name of [".cache", "_old", "lost+found"]) mkdirSync(models.in(name));
    const dataPlane = dataPlaneOf(models.path);
    await dataPlane.load();
    assert.deepEqual(dataPlane.status(), {
      ready: true,
      models: [{ name: "iris", version: "1", state: "ready" }],
    });
    await dataPlane.close();
  });

  it("a slow model lives in a worker thread, unless WORKERS is 0", async () => {
    const seen: unknown[] = [];
    const count = (worker: unknown) => void seen.push(worker);
    process.on("worker", count);
    for (const [WORKERS, expected] of [
      ["0", 0],
      ["1", 1],
    ] as const) {
      const { path } = temporaryModels().addGraph("slow", slow(20)).addGraph("quick", scaling(2));
      const dataPlane = dataPlaneOf(path, { WORKERS });
      await dataPlane.load();
      assert.equal(seen.length, expected);
      assert.deepEqual(numbers(await dataPlane.find("slow").infer(x([1, 2]))), [1, 2]);
      assert.deepEqual(numbers(await dataPlane.find("quick").infer(x([1, 2]))), [2, 4]);
      await dataPlane.close();
    }
    process.off("worker", count);
  });

  it("a broken newest version: not ready, but the newest one that can answer does", async () => {
    const { path } = temporaryModels().add("iris", retrainedModels).write("iris/2/model.onnx", "x");
    const dataPlane = dataPlaneOf(path);
    await dataPlane.load();
    assert.equal(dataPlane.status().ready, false);
    assert.throws(() => dataPlane.find("iris", "2"), { status: 503 });
    assert.equal(dataPlane.find("iris", "1").version, "1");
    assert.equal(dataPlane.find("iris").version, "1");
    assert.equal(dataPlane.find().version, "1");
    await dataPlane.close();
  });

  it("a broken first model: the default is the first by name that can answer", async () => {
    const { path } = temporaryModels().add("a").write("a/1/model.onnx", "x").add("b");
    const dataPlane = dataPlaneOf(path);
    await dataPlane.load();
    assert.equal(dataPlane.find().metadata.name, "b");
    await dataPlane.close();
  });

  it("the default model is the first by name, or the one named", async () => {
    const { path } = temporaryModels().add("b").add("a");
    for (const [named, expected] of [
      [undefined, "a"],
      ["b", "b"],
    ] as const) {
      const dataPlane = dataPlaneOf(path, { DEFAULT_MODEL: named });
      await dataPlane.load();
      assert.equal(dataPlane.find().metadata.name, expected);
      await dataPlane.close();
    }
  });

  it("what isn't there: 404", async () => {
    const dataPlane = dataPlaneOf(shippedModels);
    await dataPlane.load();
    assert.throws(() => dataPlane.find("rose"), { status: 404, message: 'no model "rose"' });
    assert.throws(() => dataPlane.find("iris", "7"), { status: 404 });
    for (const find of [
      () => dataPlane.find("x".repeat(5000)),
      () => dataPlane.find("iris", "9".repeat(5000)),
    ])
      assert.throws(find, (error: Error) => error.message.length < 100);
    await dataPlane.close();
  });

  it("a default model that isn't there, or no folder at all, is an error", async () => {
    await assert.rejects(
      dataPlaneOf(shippedModels, { DEFAULT_MODEL: "rose" }).load(),
      /"rose".* has and-gate, iris, spam/,
    );
    await assert.rejects(dataPlaneOf("/does/not/exist").load(), /ENOENT/);
  });

  it("an empty folder is never ready", async () => {
    const server = await runServer({ MODELS_DIR: temporaryModels().path });
    assert.equal((await get(`${server.url}/readyz`)).status, 503);
    assert.equal((await post(`${server.url}/predict`, "[1,2,3,4]")).status, 503);
    await server.close();
  });

  it("while they are loaded: not ready, 503; then both", async () => {
    const dataPlane = dataPlaneOf(shippedModels);
    const loading = dataPlane.load();
    assert.equal(dataPlane.status().ready, false);
    assert.throws(() => dataPlane.find(), { status: 503, message: "models are being loaded" });
    await loading;
    assert.equal(dataPlane.status().ready, true);
    assert.equal(dataPlane.find("iris").version, "1");
    await dataPlane.close();
  });
});
