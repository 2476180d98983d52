import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { mock } from "node:test";
import { Worker } from "node:worker_threads";
import type { Graph } from "../../../../app/server/evaluator/graph";
import { WorkerPool } from "../../../../app/server/evaluator/worker-pool";
import type { WorkerTask } from "../../../../app/server/evaluator/worker-protocol";
import { createLog } from "../../../../app/server/log";
import { numbers, x } from "../support/graph";
import { echo, lookup, scaling, slow, type TestGraph } from "../support/graphs";

interface Posted {
  readonly task: WorkerTask;
}

interface Poster {
  readonly postMessage: (this: Worker, message: unknown) => void;
}

describe("worker pool", () => {
  let pool: WorkerPool;
  let started: Worker[];
  let lines: Record<string, unknown>[];
  const seen = (worker: Worker) => void started.push(worker);
  const place = (graph: TestGraph) => pool.place({ onnx: graph.onnx }, graph);

  function create(size: number): void {
    lines = [];
    const log = createLog("info", (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    pool = new WorkerPool(size, log);
  }
  beforeEach(() => {
    started = [];
    process.on("worker", seen);
    create(1);
  });
  afterEach(async () => {
    process.off("worker", seen);
    await pool.close();
  });

  it("runs graphs of any datatype in a thread of its own", async () => {
    const graph = await place(echo());
    const inputs = [
      { name: "text", datatype: "BYTES", shape: [1], data: ["ü"] },
      { name: "flag", datatype: "BOOL", shape: [1], data: new Uint8Array([1]) },
      { name: "count", datatype: "INT64", shape: [1, 1], data: new BigInt64Array([-5n]) },
      { name: "row", datatype: "FP64", shape: [1, 2], data: new Float64Array([1, 2.5]) },
    ] as const;
    const outputs = await graph.run(inputs);
    assert.deepEqual(
      outputs.map(({ data }) => data),
      inputs.map(({ data }) => data),
    );
    assert.equal(graph.thread, "worker");
    assert.equal(inputs[3].data.length, 2, "the request's own data stay where they are");
    assert.equal(started.length, 1);
  });

  it("no thread is started before there is something to run", async () => {
    await sleep(10);
    assert.equal(started.length, 0);
  });

  it("the main thread has its time for others while a run goes on", async () => {
    const graph = await place(slow(150));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await graph.run(x([1, 2]));
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns`);
  });

  it("a graph that can't be loaded is an error, a run that fails, too; the thread goes on", async () => {
    const graph = await place(lookup());
    const index = (value: bigint) =>
      [{ name: "index", datatype: "INT64", shape: [1], data: new BigInt64Array([value]) }] as const;
    await assert.rejects(place({ ...scaling(1), onnx: Buffer.from("garbage") }), /protobuf|model/i);
    await assert.rejects(async () => graph.run(index(11n)), /idx=11/);
    assert.deepEqual(numbers(await graph.run(index(3n))), [30]);
    assert.equal(started.length, 1);
  });

  it("graphs go to the thread that has the fewest", async () => {
    await pool.close();
    create(2);
    const graphs: Graph[] = [];
    for (const factor of [1, 2, 3]) graphs.push(await place(scaling(factor)));
    assert.equal(started.length, 2);
    for (const [i, graph] of graphs.entries())
      assert.deepEqual(numbers(await graph.run(x([1, 1]))), [i + 1, i + 1]);
    await graphs[1]!.release();
    await place(scaling(4));
    assert.equal(started.length, 2);
  });

  it("released graphs are gone from the thread", async () => {
    const graph = await place(scaling(2));
    await graph.release();
    await assert.rejects(async () => graph.run(x([1, 2])), /doesn't hold this model/);
  });

  it("a thread that ends: its runs get 503, another takes its place and its models", async () => {
    const quick = await place(scaling(2));
    const long = await place(slow(40));
    started[0]!.postMessage(null); // nothing that it can make sense of
    const running = long.run(x([1, 2]));
    await assert.rejects(async () => running, { status: 503, headers: { "retry-after": "1" } });
    // Asked meanwhile, it is answered as soon as the other thread has the models.
    assert.deepEqual(numbers(await quick.run(x([1, 2]))), [2, 4]);
    assert.equal(started.length, 2);
    assert.deepEqual(
      lines.map(({ level, message, models }) => [level, message, models]),
      [
        ["error", "worker ended", 2],
        ["info", "worker restarted", 2],
      ],
    );
    await Promise.all([quick.release(), long.release()]);
  });

  it("a model that the new thread can't load at first: 503, and tried again at each run", async () => {
    const graph = await place(scaling(2));
    const { postMessage } = Worker.prototype as Poster;
    let broken = 2;
    const posted = mock.method(
      Worker.prototype,
      "postMessage",
      function (this: Worker, message: { id: number; task: WorkerTask }) {
        const { id, task } = message;
        const spoilt =
          task.kind === "load" && broken-- > 0
            ? { ...task, files: { onnx: Buffer.from("garbage") } }
            : task;
        postMessage.call(this, { id, task: spoilt });
      },
    );
    try {
      await started[0]!.terminate();
      await assert.rejects(async () => graph.run(x([1, 2])), {
        status: 503,
        headers: { "retry-after": "1" },
        message: "the model could not be loaded again: try again",
      });
      assert.deepEqual(numbers(await graph.run(x([1, 2]))), [2, 4]);
    } finally {
      posted.mock.restore();
    }
  });

  it("a thread that ends with nothing to do stays away until it is needed", async () => {
    await (await place(scaling(2))).release();
    await started[0]!.terminate();
    const graph = await place(scaling(3));
    assert.deepEqual(numbers(await graph.run(x([1, 2]))), [3, 6]);
  });

  it("a graph that comes while the thread is started again is loaded once", async () => {
    await (await place(scaling(2))).release();
    await started[0]!.terminate();
    const posted = mock.method(Worker.prototype, "postMessage");
    try {
      await place(scaling(3));
      const kinds = posted.mock.calls.map((call) => (call.arguments[0] as Posted).task.kind);
      assert.deepEqual(kinds, ["load"]);
    } finally {
      posted.mock.restore();
    }
  });
});
