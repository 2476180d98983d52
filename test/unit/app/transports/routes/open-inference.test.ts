import assert from "node:assert/strict";
import { scaling } from "../../support/graphs";
import { temporaryModels } from "../../support/models";
import { runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { count, flag, row, text, variedModels } from "../models";

describe("Open Inference Protocol over HTTP", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels() });
  });
  after(() => server.close());

  const infer = (model: string, body: unknown) =>
    ask(`${server.url}/v2/models/${model}/infer`, { body });
  const ok = async (model: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await infer(model, body);
    assert.equal(answer.status, 200, answer.bytes.toString());
    return answer.body;
  };

  it("answers every output, and gives the id back", async () => {
    assert.deepEqual(await ok("several", { id: "4\u{1F600}2", inputs: [row, count, text, flag] }), {
      id: "4\u{1F600}2",
      model_name: "several",
      model_version: "1",
      outputs: [
        { ...text, name: "same-text" },
        { ...flag, name: "same-flag" },
        { ...count, name: "same-count" },
        { ...row, name: "same-row" },
      ],
    });
    const { id } = await ok("text", { inputs: [text] });
    assert.equal(id, undefined);
  });

  it("takes data flat or nested as the shape is", async () => {
    const nested = [
      {
        ...row,
        data: [
          [1, 2.5],
          [3, -4],
        ],
      },
      { ...count, data: [[7], [-8]] },
      text,
      flag,
    ];
    const { outputs } = await ok("several", { inputs: nested });
    assert.deepEqual((outputs as unknown[])[3], { ...row, name: "same-row" });
  });

  it("answers the outputs that are wanted, in that order", async () => {
    const outputs = [{ name: "same-row", parameters: {} }, { name: "same-text" }];
    const body = await ok("several", { inputs: [text, flag, count, row], outputs });
    assert.deepEqual(body["outputs"], [
      { ...row, name: "same-row" },
      { ...text, name: "same-text" },
    ]);
  });

  it("keeps whole numbers beyond 2^53 exact", async () => {
    const inputs = JSON.stringify([text, flag, { ...count, data: ["X", "Y"] }, row])
      .replace('"X"', "9223372036854775807")
      .replace('"Y"', "-9007199254740993");
    const { bytes } = await infer("several", `{"inputs":${inputs}}`);
    assert.match(bytes.toString(), /"data":\[9223372036854775807,-9007199254740993\]/);
  });

  it("ignores what concerns other servers", async () => {
    const parameters = { sequence_id: 7, priority: 1, timeout: 1000, custom: { a: 1 } };
    await ok("text", {
      model_name: "text",
      parameters,
      inputs: [{ ...text, parameters: { content_type: "str" } }],
      outputs: [{ name: "same", parameters: { classification: 0 } }],
      raw: null,
    });
    await ok("text", { inputs: [text], outputs: [], parameters: null });
  });

  it("health: live and ready", async () => {
    assert.deepEqual((await ask(`${server.url}/v2/health/live`)).body, { live: true });
    assert.deepEqual((await ask(`${server.url}/v2/health/ready`)).body, { ready: true });
    server.drain();
    const { status, body } = await ask(`${server.url}/v2/health/ready`);
    assert.deepEqual([status, body], [503, { ready: false }]);
    assert.equal((await ask(`${server.url}/v2/health/live`)).status, 200);
  });

  it("server and model metadata", async () => {
    const { body: about } = await ask(`${server.url}/v2`);
    assert.deepEqual(
      { ...about, version: "x" },
      {
        name: "modelport",
        version: "x",
        extensions: ["binary_tensor_data"],
      },
    );
    assert.match(String(about["version"]), /^\d+\.\d+\.\d+/);
    const { body } = await ask(`${server.url}/v2/models/iris`);
    assert.deepEqual(body, {
      name: "iris",
      versions: ["1"],
      platform: "onnxruntime_onnx",
      inputs: [{ name: "features", datatype: "FP32", shape: [-1, 4] }],
      outputs: [
        { name: "label", datatype: "INT64", shape: [-1] },
        { name: "probabilities", datatype: "FP32", shape: [-1, 3] },
      ],
    });
    assert.deepEqual((await ask(`${server.url}/v2/models/iris/versions/1`)).body, body);
  });

  it("model readiness: each version's own; a failed one with the reason", async () => {
    const models = temporaryModels()
      .addGraph("m", scaling(1), "1")
      .addGraph("m", scaling(2), "2")
      .write("m/2/model.onnx", "spoilt");
    const own = await runServer({ MODELS_DIR: models.path });
    try {
      const ready = (path: string) => ask(`${own.url}/v2/models/m${path}/ready`);
      assert.deepEqual((await ready("")).body, { name: "m", ready: true });
      assert.deepEqual((await ready("/versions/1")).body, { name: "m", ready: true });
      const { status, body } = await ready("/versions/2");
      assert.equal(status, 503);
      assert.equal(body["ready"], false);
      assert.match(String(body["error"]), /can't be served: model\.onnx has/);
      const missing = await ready("/versions/3");
      assert.equal(missing.status, 404);
      assert.deepEqual(Object.keys(missing.body), ["error"]);
      const { body: metadata } = await ask(`${own.url}/v2/models/m`);
      assert.deepEqual(metadata["versions"], ["1"]);
    } finally {
      await own.close();
    }
  });

  it("what isn't there: 404; a wrong method: 405; all in its shape", async () => {
    for (const [path, error] of [
      ["/v2/models/rose", /^no model "rose"$/],
      ["/v2/models/rose/ready", /^no model "rose"$/],
      ["/v2/models/iris/versions/9", /^no version "9" of model "iris"$/],
      ["/v2/", /^nothing here/],
      ["/v2/health", /^nothing here/],
      ["/v2/models", /^nothing here/],
      ["/v2/models/", /^nothing here/],
      ["/v2/models/iris/", /^nothing here/],
      ["/v2/models/iris/versions", /^nothing here/],
      ["/v2/models/iris/versions/", /^nothing here/],
      ["/v2/models/iris/ready/now", /^nothing here/],
      ["/v2/models/iris/versions/1/infer/x", /^nothing here/],
      ["/v2/models/iris/config", /^nothing here/],
      ["/v2/models/%", /^nothing here/],
    ] as const) {
      const answer = await ask(server.url + path);
      assert.equal(answer.status, 404, path);
      assert.deepEqual(Object.keys(answer.body), ["error"]);
      assert.match(String(answer.body["error"]), error, path);
    }
    for (const [path, allow] of [
      ["/v2", "GET, HEAD, OPTIONS"],
      ["/v2/models/iris", "GET, HEAD, OPTIONS"],
      ["/v2/models/iris/infer", "POST, OPTIONS"],
    ] as const) {
      const answer = await ask(server.url + path, { method: "DELETE" });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get("allow"), allow);
      assert.deepEqual(Object.keys(answer.body), ["error"]);
    }
  });
});
