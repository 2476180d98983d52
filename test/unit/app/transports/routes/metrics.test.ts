import assert from "node:assert/strict";
import { runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { variedModels } from "../models";

describe("what HTTP requests count as", () => {
  let server: RunningServer;
  beforeEach(async () => {
    server = await runServer({ MODELS_DIR: variedModels(), METRICS_PORT: "0" });
  });
  afterEach(() => server.close());

  const counted = async (name: string, model: string, more = ""): Promise<number> => {
    const { bytes } = await ask(`http://127.0.0.1:${server.metricsPort!}/metrics`);
    const labels = `{model="${model}",version="1"${more}}`;
    const line = bytes
      .toString()
      .split("\n")
      .find((own) => own.startsWith(name + labels));
    return Number(line?.split(" ").at(-1));
  };

  it("answered and invalid requests, over each protocol", async () => {
    const x = { name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] };
    const cases: [path: string, good: unknown][] = [
      ["/predict?model=log", { instances: [[1, 2]] }],
      ["/v1/models/log:predict", { instances: [[1, 2]] }],
      ["/v2/models/log/infer", { inputs: [x] }],
    ];
    let requests = 0;
    for (const [path, good] of cases) {
      assert.equal((await ask(server.url + path, { body: good })).status, 200);
      assert.equal((await ask(server.url + path, { body: {} })).status, 400);
      requests += 2;
      assert.equal(await counted("modelport_requests_total", "log"), requests, path);
      const reason = ',reason="invalid"';
      assert.equal(await counted("modelport_request_errors_total", "log", reason), requests / 2);
      assert.equal(await counted("modelport_request_seconds_count", "log"), requests / 2);
    }
    assert.equal(await counted("modelport_request_errors_total", "log", ',reason="internal"'), 0);
  });

  it("an answer that can't be told is an invalid request; an unknown model is nobody's", async () => {
    const body = { instances: [[-1, 2]] };
    assert.equal((await ask(`${server.url}/predict?model=log`, { body })).status, 422);
    assert.equal(await counted("modelport_request_errors_total", "log", ',reason="invalid"'), 1);
    assert.equal((await ask(`${server.url}/predict?model=rose`, { body })).status, 404);
    assert.equal(await counted("modelport_requests_total", "log"), 1);
    assert.ok(Number.isNaN(await counted("modelport_requests_total", "rose")));
  });
});
