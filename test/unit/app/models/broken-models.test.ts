import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { external, firstRow, oneRow, scaling } from "../support/graphs";
import { retrainedModels, shippedModels, temporaryModels } from "../support/models";
import { get, post, runServer } from "../support/server";

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
      "that takes one row only",
      () => ({
        models: temporaryModels().add("good").addGraph("spoilt", oneRow()).path,
        version: "1",
      }),
      /input "x" is float32 \[1,2\], not FP32 \[-1,2\]: export it with a first dimension that is free/,
    ],
    [
      "that answers other rows than it is asked",
      () => ({
        models: temporaryModels().add("good").addGraph("spoilt", firstRow()).path,
        version: "1",
      }),
      /^output "y" is \[1,2\] for 2 rows of examples, not \[2,2\]$/,
    ],
    [
      "whose weights are in another file",
      () => ({
        models: temporaryModels().add("good").addGraph("spoilt", external("weights.bin")).path,
        version: "1",
      }),
      /^model\.onnx: tensor "factor" is in another file: /,
    ],
    [
      "whose examples don't fit",
      () => {
        const examples = [{ title: "one", instance: [1, "2"] }];
        const models = temporaryModels().add("good");
        return { models: models.addGraph("spoilt", scaling(1), "1", { examples }).path };
      },
      /^model\.json: examples\.0\.instance: \[1\]: FP32 is needed, got "2"$/,
    ],
    [
      "with a file beside the graph whose checksum is wrong",
      () => {
        const models = temporaryModels().add("good").add("spoilt");
        models.edit("spoilt", ({ versions, ...rest }) => {
          const { "1": one } = versions as Record<string, { files: object }>;
          const files = { ...one!.files, "golden.json": "0".repeat(64) };
          return { ...rest, versions: { "1": { ...one, files } } };
        });
        return { models: models.path, version: "1" };
      },
      /^golden\.json has SHA-256 [0-9a-f]{64}, model\.json says 0{64}$/,
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
});
