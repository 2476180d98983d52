import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { SessionGraph } from "../../../../app/server/evaluator/session-graph";
import { WorkerPool } from "../../../../app/server/evaluator/worker-pool";
import { createLog } from "../../../../app/server/log";
import { parseModelMetadata } from "../../../../app/server/model-metadata";
import {
  loadVersion,
  type LoadedVersion,
  type LoaderOptions,
} from "../../../../app/server/models/loader";
import { Metrics } from "../../../../app/server/observability/metrics";
import type { Tensor } from "../../../../app/server/tensor";
import { numbers, x } from "../support/graph";
import { scaling, slow, words } from "../support/graphs";
import { shippedModels, temporaryModels } from "../support/models";

describe("a version that is loaded", () => {
  let lines: Record<string, unknown>[];
  let pool: WorkerPool;
  let loaded: LoadedVersion | undefined;
  const log = createLog("info", (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  beforeEach(() => {
    lines = [];
    loaded = undefined;
    pool = new WorkerPool(1, log);
  });
  afterEach(async () => {
    mock.restoreAll();
    await loaded?.close();
    await pool.close();
  });

  /** Loads version 1 of the model. @returns the thread it is in */
  async function load(
    folder: string,
    name: string,
    options: Partial<LoaderOptions> = {},
  ): Promise<unknown> {
    const metadata = parseModelMetadata(readFileSync(`${folder}/${name}/model.json`, "utf8"));
    loaded = await loadVersion(
      `${folder}/${name}/1`,
      metadata,
      "1",
      metadata.versions["1"]!,
      new Metrics().version(name, "1"),
      { maxRows: 1024, maxBatchRows: 1024, maxQueue: 1024, workers: pool, log, ...options },
    );
    return lines.find(({ message }) => message === "model ready")?.["thread"];
  }
  const block = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end;);
  };

  it("is in the main thread when it ships with us", async () => {
    for (const name of ["iris", "spam", "and-gate"]) {
      lines = [];
      assert.equal(await load(shippedModels, name), "main", name);
      await loaded?.close();
    }
    loaded = undefined;
  });

  it("goes to a worker when it is slow, after no more than two runs in the main thread", async () => {
    const runs = mock.method(SessionGraph.prototype, "run");
    const releases = mock.method(SessionGraph.prototype, "release");
    const models = temporaryModels().addGraph("long", slow(40));
    assert.equal(await load(models.path, "long"), "worker");
    assert.ok(runs.mock.callCount() <= 2, `${runs.mock.callCount()} runs`);
    assert.equal(releases.mock.callCount(), 1);
    assert.deepEqual(numbers(await loaded!.served.infer(x([1, 2]))), [1, 2]);
  });

  it("is released when its first run fails", async () => {
    mock.method(SessionGraph.prototype, "run", () => {
      throw new Error("no run");
    });
    const releases = mock.method(SessionGraph.prototype, "release");
    const models = temporaryModels().addGraph("m", scaling(1));
    await assert.rejects(load(models.path, "m"), /^Error: no run$/);
    assert.equal(releases.mock.callCount(), 1);
  });

  it("leaves the others a turn between the runs of its warm-up", async () => {
    const runs = mock.method(SessionGraph.prototype, "run");
    const models = temporaryModels().addGraph("long", slow(5));
    const loading = load(models.path, "long", { workers: undefined });
    const blocked = new Set<number>();
    const ended = { is: false };
    void loading.then(() => (ended.is = true));
    while (!ended.is) {
      blocked.add(runs.mock.callCount());
      await turn();
    }
    assert.equal(await loading, "main");
    assert.equal(blocked.size, runs.mock.callCount() + 1, "each number of runs was seen");
  });

  it("goes to a worker when so many rows as are allowed would take long", async () => {
    mock.method(SessionGraph.prototype, "run", (inputs: readonly Tensor[]) => {
      block(0.2 * inputs[0]!.shape[0]!);
      return inputs;
    });
    const models = temporaryModels().addGraph("m", scaling(1));
    assert.equal(await load(models.path, "m", { maxRows: 100 }), "main");
    await loaded?.close();
    lines = [];
    assert.equal(await load(models.path, "m", { maxRows: 1024 }), "worker");
  });

  it("refuses more texts at once than fit a slice where their answers hang together", async () => {
    const width = 50_000;
    const models = temporaryModels().addWords("m", words(width, true), width);
    assert.equal(await load(models.path, "m", { workers: undefined }), "main");
    const request = (rows: number): Tensor[] => [
      { name: "text", datatype: "BYTES", shape: [rows], data: Array<string>(rows).fill("") },
      { name: "x", datatype: "FP32", shape: [rows, 2], data: new Float32Array(2 * rows) },
    ];
    assert.equal((await loaded!.served.infer(request(83)))[0]!.shape[0], 83);
    await assert.rejects(loaded!.served.infer(request(84)), {
      status: 413,
      message: "84 rows: this model takes at most 83 at once",
    });
  });
});
