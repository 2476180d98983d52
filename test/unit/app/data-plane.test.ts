import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { DataPlane } from "../../../app/server/data-plane";
import { createLog } from "../../../app/server/log";
import { retrainedModels, shippedModels, temporaryModels } from "./support/models";
import { get, post, runServer } from "./support/server";

const silent = createLog("error", () => undefined);
const onnx = (models: string, version: number) =>
  readFileSync(`${models}/iris/${version}/model.onnx`);

describe("a broken model", () => {
  const broken: [
    what: string,
    spoil: () => { models: string; version?: string },
    reason: RegExp,
  ][] = [
    [
      "whose checksum is wrong",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.write("spoilt/1/model.onnx", onnx(retrainedModels, 2));
        return { models: models.path, version: "1" };
      },
      /^model\.onnx has SHA-256 [0-9a-f]{64}, model\.json says [0-9a-f]{64}$/,
    ],
    [
      "that is no ONNX",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.replaceModel("spoilt", onnx(shippedModels, 1).subarray(0, 900));
        return { models: models.path, version: "1" };
      },
      /protobuf|model/i,
    ],
    [
      "whose file is missing",
      () => {
        const models = temporaryModels().add("good").add("spoilt").remove("spoilt/1/model.onnx");
        return { models: models.path, version: "1" };
      },
      /ENOENT.*model\.onnx/,
    ],
    [
      "whose version model.json doesn't know",
      () => {
        const models = temporaryModels().add("good").add("spoilt", retrainedModels);
        models.edit("spoilt", ({ versions, ...rest }) => ({
          ...rest,
          versions: { "2": (versions as Record<string, unknown>)["2"] },
        }));
        return { models: models.path, version: "1" };
      },
      /^model\.json: versions: has no entry "1"$/,
    ],
    [
      "whose inputs are not what model.json says",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.edit("spoilt", ({ inputs, ...rest }) => ({
          ...rest,
          inputs: (inputs as object[]).map((input) => ({ ...input, name: "x" })),
        }));
        return { models: models.path, version: "1" };
      },
      /no input "x" \(has features\)/,
    ],
    [
      "whose width is not what model.json says",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.edit("spoilt", ({ inputs, examples, ...rest }) => ({
          ...rest,
          inputs: (inputs as object[]).map((input) => ({
            ...input,
            shape: [-1, 2],
            features: ["a", "b"],
          })),
          examples: (examples as object[]).map((example) => ({ ...example, instance: [1, 2] })),
        }));
        return { models: models.path, version: "1" };
      },
      /input "features" is float32 \[\?,4\], not FP32 \[-1,2\]/,
    ],
    [
      "without model.json",
      () => ({
        models: temporaryModels().add("good").add("spoilt").remove("spoilt/model.json").path,
      }),
      /ENOENT.*model\.json/,
    ],
    [
      "whose model.json is no JSON",
      () => ({
        models: temporaryModels().add("good").add("spoilt").write("spoilt/model.json", "{").path,
      }),
      /^model\.json is not JSON: /,
    ],
    [
      "whose model.json lacks and misspells things",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.edit("spoilt", ({ title, ...rest }) => ({ ...rest, titel: title }));
        return { models: models.path };
      },
      /^model\.json: .*title: .*titel/,
    ],
    [
      "whose labels are fewer than its outputs",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.edit("spoilt", (rest) => ({ ...rest, labels: ["a", "b"] }));
        return { models: models.path };
      },
      /^model\.json: outputs\.1\.shape: 2 expected, got 3$/,
    ],
    [
      "in a folder of another name",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.edit("spoilt", (rest) => ({ ...rest, name: "other" }));
        return { models: models.path };
      },
      /"other" is in a folder named "spoilt"/,
    ],
    [
      "without a version",
      () => ({ models: temporaryModels().add("good").add("spoilt").remove("spoilt/1").path }),
      /no folder named by a number/,
    ],
  ];
  for (const [what, spoil, reason] of broken)
    it(`${what}: not ready, with the reason; the model beside it answers`, async () => {
      const { models, version } = spoil();
      const server = await runServer({ MODELS_DIR: models });
      try {
        const { status, body } = await get(`${server.url}/readyz`);
        const told = body as { ready: boolean; models: Record<string, string>[] };
        assert.equal(status, 503);
        assert.equal(told.ready, false);
        assert.deepEqual(told.models[0], { name: "good", version: "1", state: "ready" });
        const spoilt = told.models.find(({ state }) => state !== "ready")!;
        assert.equal(spoilt["name"], "spoilt");
        assert.equal(spoilt["version"], version);
        assert.equal(spoilt["state"], "failed");
        assert.match(spoilt["reason"]!, reason);
        assert.ok(
          server.lines.some(
            ({ level, reason: own }) => level === "error" && own === spoilt["reason"],
          ),
        );
        assert.equal((await get(`${server.url}/healthz`)).status, 200);
        assert.equal((await post(`${server.url}/predict`, "[1,2,3,4]")).status, 200);
      } finally {
        await server.close();
      }
    });

  it("as the default model: its requests get 503 with the reason", async () => {
    const { path } = temporaryModels().add("spoilt").write("spoilt/1/model.onnx", "x");
    const server = await runServer({ MODELS_DIR: path });
    try {
      const { status, body } = await post(`${server.url}/predict`, "[1,2,3,4]");
      assert.equal(status, 503);
      assert.match(
        (body as { error: string }).error,
        /^version 1 of model "spoilt" can't be served: model\.onnx has/,
      );
    } finally {
      await server.close();
    }
  });

  it("as the newest version: no older one answers in its place, but it can be asked for", async () => {
    const { path } = temporaryModels().add("iris", retrainedModels).write("iris/2/model.onnx", "x");
    const dataPlane = new DataPlane(path, silent);
    await dataPlane.load();
    assert.throws(() => dataPlane.find("iris"), { status: 503 });
    assert.equal(dataPlane.find("iris", "1").version, "1");
    await dataPlane.close();
  });
});

describe("models and versions", () => {
  it("the newest version on disk is the default, compared as a number", async () => {
    const models = temporaryModels().add("iris", retrainedModels);
    models.edit("iris", ({ versions, ...rest }) => {
      const { "1": one, "2": two } = versions as Record<string, unknown>;
      return { ...rest, versions: { "1": one, "2": two, "10": one, "11": two } };
    });
    cpSync(models.in("iris/1"), models.in("iris/10"), { recursive: true });
    const dataPlane = new DataPlane(models.path, silent);
    await dataPlane.load();
    assert.equal(dataPlane.find().version, "10", "11 is known, but not there");
    assert.deepEqual(
      dataPlane.status().models.map(({ version }) => version),
      ["10", "2", "1"],
    );
    await dataPlane.close();
  });

  it("the default model is the first by name, or the one named", async () => {
    const { path } = temporaryModels().add("b").add("a");
    for (const [named, expected] of [
      [undefined, "a"],
      ["b", "b"],
    ] as const) {
      const dataPlane = new DataPlane(path, silent, named);
      await dataPlane.load();
      assert.equal(dataPlane.find().metadata.name, expected);
      await dataPlane.close();
    }
  });

  it("what isn't there: 404", async () => {
    const dataPlane = new DataPlane(shippedModels, silent);
    await dataPlane.load();
    assert.throws(() => dataPlane.find("rose"), { status: 404, message: 'no model "rose"' });
    assert.throws(() => dataPlane.find("iris", "7"), { status: 404 });
    await dataPlane.close();
  });

  it("a default model that isn't there, or no folder at all, is an error", async () => {
    await assert.rejects(new DataPlane(shippedModels, silent, "rose").load(), /"rose".* has iris/);
    await assert.rejects(new DataPlane("/does/not/exist", silent).load(), /ENOENT/);
  });

  it("an empty folder is never ready", async () => {
    const server = await runServer({ MODELS_DIR: temporaryModels().path });
    assert.equal((await get(`${server.url}/readyz`)).status, 503);
    assert.equal((await post(`${server.url}/predict`, "[1,2,3,4]")).status, 503);
    await server.close();
  });

  it("while they are loaded: not ready, 503; then both", async () => {
    const dataPlane = new DataPlane(shippedModels, silent);
    const loading = dataPlane.load();
    assert.equal(dataPlane.status().ready, false);
    assert.throws(() => dataPlane.find(), { status: 503, message: "models are being loaded" });
    await loading;
    assert.equal(dataPlane.status().ready, true);
    assert.equal(dataPlane.find().version, "1");
    await dataPlane.close();
  });
});
