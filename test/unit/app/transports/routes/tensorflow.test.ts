import assert from "node:assert/strict";
import { temporaryModels } from "../../support/models";
import { scaling } from "../../support/graphs";
import { runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { variedModels } from "../models";

describe("TensorFlow Serving's REST API", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels() });
  });
  after(() => server.close());

  const predict = (model: string, body: unknown) =>
    ask(`${server.url}/v1/models/${model}:predict`, { body });
  const ok = async (model: string, body: unknown): Promise<unknown> => {
    const answer = await predict(model, body);
    assert.equal(answer.status, 200, answer.bytes.toString());
    return answer.body;
  };

  const one = { text: "a", flag: true, count: [7], row: [1, 2.5] };
  const two = { text: "ü", flag: false, count: [-8], row: [3, -4] };
  const columns = {
    text: ["a", "ü"],
    flag: [true, false],
    count: [[7], [-8]],
    row: [
      [1, 2.5],
      [3, -4],
    ],
  };

  it("row format: one output as bare values, several as objects", async () => {
    assert.deepEqual(await ok("text", { instances: ["a", "b"] }), { predictions: ["a", "b"] });
    assert.deepEqual(await ok("several", { instances: [one, two] }), {
      predictions: [
        { "same-text": "a", "same-flag": true, "same-count": [7], "same-row": [1, 2.5] },
        { "same-text": "ü", "same-flag": false, "same-count": [-8], "same-row": [3, -4] },
      ],
    });
  });

  it("column format: one output as a bare tensor, several by name", async () => {
    assert.deepEqual(await ok("text", { inputs: ["a", "b"] }), { outputs: ["a", "b"] });
    assert.deepEqual(await ok("several", { inputs: columns }), {
      outputs: {
        "same-text": columns.text,
        "same-flag": columns.flag,
        "same-count": columns.count,
        "same-row": columns.row,
      },
    });
  });

  it("the one input may be named, too", async () => {
    const row = [5.1, 3.5, 1.4, 0.2];
    const bare = await ok("iris", { instances: [row, row] });
    assert.deepEqual(await ok("iris", { instances: [{ features: row }, { features: row }] }), bare);
    const column = await ok("iris", { inputs: [row] });
    assert.deepEqual(await ok("iris", { inputs: { features: [row] } }), column);
    assert.deepEqual(Object.keys((column as { outputs: object }).outputs), [
      "label",
      "probabilities",
    ]);
  });

  it("texts may come in base64, bare or by name", async () => {
    const b64 = Buffer.from("grün").toString("base64");
    const answer = { predictions: ["grün"] };
    assert.deepEqual(await ok("text", { instances: [{ b64 }] }), answer);
    assert.deepEqual(await ok("text", { instances: [{ text: { b64 } }] }), answer);
    assert.deepEqual(await ok("text", { inputs: { text: [{ b64 }] } }), { outputs: ["grün"] });
  });

  it("whole floats keep their point; whole numbers beyond 2^53 their digits", async () => {
    const body =
      '{"instances":[{"text":"a","flag":true,"count":[9007199254740993],"row":[3,1e21,0.5]}]}';
    const { bytes } = await predict("several", body);
    assert.match(
      bytes.toString(),
      /"same-count":\[9007199254740993\],"same-row":\[3\.0,1e\+21,0\.5\]/,
    );
  });

  it("the default signature may be named; unknown fields are ignored", async () => {
    for (const extra of [{ signature_name: "serving_default" }, { signature_name: "" }, { x: 1 }])
      await ok("text", { ...extra, instances: ["a"] });
  });

  it("the model's name may be percent-encoded", async () => {
    assert.equal((await ask(`${server.url}/v1/models/%69ris`)).status, 200);
    assert.equal((await ask(`${server.url}/v1/models/iris/versions/%31/metadata`)).status, 200);
  });

  const available = (version: string) => ({
    version,
    state: "AVAILABLE",
    status: { error_code: "OK", error_message: "" },
  });

  it("status: every version, or the one that is asked for; failed ones with the reason", async () => {
    const models = temporaryModels()
      .addGraph("m", scaling(1), "1")
      .addGraph("m", scaling(2), "2")
      .addGraph("m", scaling(3), "10")
      .write("m/2/model.onnx", "spoilt");
    const own = await runServer({ MODELS_DIR: models.path });
    try {
      const status = async (path: string) => (await ask(`${own.url}/v1/models/m${path}`)).body;
      const all = (await status(""))["model_version_status"] as Record<string, unknown>[];
      assert.deepEqual(all[0], available("10"));
      assert.deepEqual(all[2], available("1"));
      const { state, status: failed } = all[1]!;
      assert.equal(state, "END");
      assert.match(
        JSON.stringify(failed),
        /^\{"error_code":"INTERNAL","error_message":"model\.onnx has SHA/,
      );
      assert.deepEqual(await status("/versions/1"), {
        model_version_status: [available("1")],
        ready: true,
      });
      assert.deepEqual(await status("/versions/2"), {
        model_version_status: [all[1]],
        ready: false,
      });
      const asked = await ask(`${own.url}/v1/models/m/versions/2:predict`, {
        body: { instances: [] },
      });
      assert.equal(asked.status, 503);
      assert.match(String(asked.body["error"]), /can't be served: model\.onnx has/);
    } finally {
      await own.close();
    }
  });

  it("metadata: the signature, dimensions as texts", async () => {
    const { body } = await ask(`${server.url}/v1/models/iris/metadata`);
    const tensor = (name: string, dtype: string, sizes: string[]) => ({
      dtype,
      tensor_shape: { dim: sizes.map((size) => ({ size, name: "" })), unknown_rank: false },
      name: `${name}:0`,
    });
    assert.deepEqual(body, {
      model_spec: { name: "iris", signature_name: "", version: "1" },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: { features: tensor("features", "DT_FLOAT", ["-1", "4"]) },
              outputs: {
                label: tensor("label", "DT_INT64", ["-1"]),
                probabilities: tensor("probabilities", "DT_FLOAT", ["-1", "3"]),
              },
              method_name: "tensorflow/serving/predict",
            },
          },
        },
      },
    });
  });

  it("what isn't served: 400; what isn't there: 404; all in its shape", async () => {
    const cases: [path: string, question: { body?: unknown }, status: number, error: RegExp][] = [
      ["/v1/models/iris:classify", { body: {} }, 400, /"classify" is not served: ask "predict"/],
      ["/v1/models/iris/versions/1:regress", { body: {} }, 400, /"regress" is not served/],
      ["/v1/models/iris/labels/canary", {}, 404, /have numbers, no labels/],
      ["/v1/models/iris/labels/canary:predict", { body: {} }, 404, /have numbers, no labels/],
      ["/v1/models/iris:Predict", { body: {} }, 404, /^nothing here/],
      ["/v1/models/iris:predict:predict", { body: {} }, 404, /^nothing here/],
      ["/v1/models/iris:", {}, 404, /^nothing here/],
      ["/v1/models/iris:predict/", { body: {} }, 404, /nothing here|no model/],
      ["/v1/models/", {}, 404, /^nothing here/],
      ["/v1/models", {}, 404, /^nothing here/],
      ["/v1/models/iris/versions", {}, 404, /^nothing here/],
      ["/v1/models/iris/versions/", {}, 404, /^nothing here/],
      ["/v1/models/iris/versions/1/metadata/x", {}, 404, /^nothing here/],
      ["/v1/models/iris/x", {}, 404, /^nothing here/],
      ["/v1/models/%E0%A4%A", {}, 404, /^nothing here/],
      ["/v1/models/rose", {}, 404, /^no model "rose"$/],
      ["/v1/models/rose/metadata", {}, 404, /^no model "rose"$/],
      ["/v1/models/iris/versions/2", {}, 404, /^no version "2" of model "iris"$/],
      ["/v1/nothing", {}, 404, /^nothing here/],
    ];
    for (const [path, question, status, error] of cases) {
      const answer = await ask(server.url + path, question);
      assert.equal(answer.status, status, path);
      assert.deepEqual(Object.keys(answer.body), ["error"]);
      assert.match(String(answer.body["error"]), error, path);
    }
    for (const [path, method, allow] of [
      ["/v1/models/iris", "POST", "GET, HEAD, OPTIONS"],
      ["/v1/models/iris:predict", "GET", "POST, OPTIONS"],
      ["/v1/models/iris:classify", "GET", "POST, OPTIONS"],
      ["/v1/models/iris/metadata", "DELETE", "GET, HEAD, OPTIONS"],
    ] as const) {
      const answer = await ask(server.url + path, { method });
      assert.equal(answer.status, 405, path);
      assert.equal(answer.headers.get("allow"), allow);
    }
  });
});
