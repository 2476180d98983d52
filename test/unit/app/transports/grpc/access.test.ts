import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { RequestError } from "../../../../../app/server/errors";
import { scaling } from "../../support/graphs";
import { temporaryModels } from "../../support/models";
import { refusal, type InferRequest } from "./client";
import { runGrpc, type Running } from "./running";

const good: InferRequest = {
  model_name: "double",
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], contents: { fp32_contents: [1, 2] } }],
};

describe("gRPC: access", () => {
  const key = { authorization: "Bearer secret" };
  let running: Running;
  let room = Infinity;
  before(async () => {
    const models = temporaryModels().addGraph("double", scaling(2));
    running = await runGrpc({
      modelsDir: models.path,
      logLevel: "debug",
      access: {
        apiKeys: {
          check: (authorization, apiKey) => {
            if (authorization === key.authorization || apiKey === "secret") return "alice";
            throw new RequestError(401, "an API key is needed", undefined, {
              "www-authenticate": "Bearer",
            });
          },
        },
        rateLimit: {
          take: (client) => {
            assert.equal(client, "alice");
            if (room-- <= 0)
              throw new RequestError(429, "too many requests", undefined, { "retry-after": "2" });
          },
        },
      },
    });
  });
  after(() => running.close());

  it("no key, or a wrong one: UNAUTHENTICATED", async () => {
    for (const headers of [{}, { authorization: "Bearer wrong" }, { "x-api-key": "wrong" }]) {
      const error = await refusal(running.client.infer(good, headers));
      assert.equal(error.code, status.UNAUTHENTICATED);
      assert.deepEqual(error.metadata.get("www-authenticate"), ["Bearer"]);
    }
    for (const method of ["ModelReady", "ModelMetadata"]) {
      const error = await refusal(running.client.call(method, { name: "double" }));
      assert.equal(error.code, status.UNAUTHENTICATED);
    }
  });

  it("either header lets in", async () => {
    for (const headers of [key, { "x-api-key": "secret" }])
      assert.equal((await running.client.infer(good, headers)).model_name, "double");
  });

  it("probes need none", async () => {
    assert.deepEqual(await running.client.call("ServerLive"), { live: true });
    assert.deepEqual(await running.client.call("ServerReady"), { ready: true });
    assert.equal(await running.client.check(), "SERVING");
  });

  it("above the rate limit: RESOURCE_EXHAUSTED, with when to come again", async () => {
    room = 0;
    const error = await refusal(running.client.infer(good, key));
    room = Infinity;
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
    assert.deepEqual(error.metadata.get("retry-after"), ["2"]);
    assert.deepEqual(error.metadata.get("grpc-retry-pushback-ms"), ["2000"]);
  });

  it("request lines have id, client and status, and no key", async () => {
    const before = running.lines.length;
    await running.client.infer(good, { ...key, "x-request-id": "from-caller" });
    const error = await refusal(running.client.infer({ ...good, inputs: [] }, key));
    const [answered, refused] = running.lines
      .slice(before)
      .filter(({ message }) => message === "request");
    assert.equal(answered?.["requestId"], "from-caller");
    assert.equal(answered["client"], "alice");
    assert.equal(answered["status"], "OK");
    assert.equal(answered["method"], "inference.GRPCInferenceService/ModelInfer");
    assert.equal(typeof answered["seconds"], "number");
    assert.equal(refused?.["status"], "INVALID_ARGUMENT");
    assert.deepEqual(error.metadata.get("x-request-id"), [refused["requestId"]]);
    assert.doesNotMatch(JSON.stringify(running.lines), /secret/);
  });

  it("an unusable request id is replaced", async () => {
    const before = running.lines.length;
    await running.client.infer(good, { ...key, "x-request-id": `a"b ${"c".repeat(80)}` });
    const line = running.lines.slice(before).find(({ message }) => message === "request");
    assert.match(String(line?.["requestId"]), /^[0-9a-f-]{36}$/);
  });
});
