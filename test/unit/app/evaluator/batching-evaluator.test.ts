import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import {
  BatchingEvaluator,
  type BatchingOptions,
} from "../../../../app/server/evaluator/batching-evaluator";
import type { Graph } from "../../../../app/server/evaluator/graph";
import type { Tensor } from "../../../../app/server/tensor";
import { HeldGraph, load, numbers, x } from "../support/graph";
import { echo, lookup, scaling } from "../support/graphs";

interface Run {
  readonly rows: number;
  readonly requests: number;
}

describe("batching evaluator", () => {
  let runs: Run[];
  let queues: number[];
  let closing: (() => Promise<void>)[] = [];

  function evaluator(graph: Graph, options: Partial<BatchingOptions> = {}): BatchingEvaluator {
    runs = [];
    queues = [];
    const own = new BatchingEvaluator(graph, {
      inputs: ["x"],
      maxBatchRows: 1024,
      maxQueue: 1024,
      metrics: {
        ran: (rows, requests, seconds) => {
          assert.ok(seconds >= 0 && seconds < 10);
          runs.push({ rows, requests });
        },
        queued: (requests) => queues.push(requests),
      },
      ...options,
    });
    closing.push(() => own.close());
    return own;
  }
  afterEach(async () => {
    await Promise.all(closing.map((close) => close()));
    closing = [];
  });

  const many = (rows: number) => x(...Array.from({ length: rows }, () => [1, 2] as const));

  it("joins what one turn brings into one run, each gets its own rows", async () => {
    const own = evaluator(load(scaling(2)));
    const answers = await Promise.all([
      own.infer(x([1, 2])),
      own.infer(x([3, 4], [5, 6])),
      own.infer(x([7, 8])),
    ]);
    assert.deepEqual(answers.map(numbers), [
      [2, 4],
      [6, 8, 10, 12],
      [14, 16],
    ]);
    assert.deepEqual(
      answers.map(([output]) => output!.shape),
      [
        [1, 2],
        [2, 2],
        [1, 2],
      ],
    );
    assert.deepEqual(runs, [{ rows: 4, requests: 3 }]);
    const memory = answers.map(([output]) => (output!.data as Float32Array).buffer);
    assert.equal(new Set(memory).size, 1, "windows on one result");
  });

  it("a lone request never waits for company", async () => {
    const own = evaluator(new HeldGraph());
    let answered = false;
    void own.infer(x([1, 2])).then(() => (answered = true));
    await turn();
    await turn();
    assert.ok(answered, "within two turns of the event loop");
  });

  it("joins up to maxBatchRows rows, but a request alone may have more", async () => {
    const own = evaluator(new HeldGraph());
    await Promise.all([600, 424, 1, 3000, 10].map((rows) => own.infer(many(rows))));
    assert.deepEqual(
      runs.map(({ rows }) => rows),
      [1024, 1, 3000, 10],
    );
  });

  it("joins what arrives during a run into the next one", async () => {
    const graph = new HeldGraph();
    const open = graph.hold();
    const own = evaluator(graph);
    const answers = [own.infer(x([1, 2]))];
    await turn();
    for (let i = 0; i < 5; i++) {
      answers.push(own.infer(x([i, i])));
      await turn();
    }
    assert.deepEqual(graph.runs, [1], "the first one still runs");
    open();
    assert.deepEqual((await Promise.all(answers)).map(numbers).at(-1), [4, 4]);
    assert.deepEqual(graph.runs, [1, 5]);
    assert.deepEqual(queues, [1, 0, 1, 2, 3, 4, 5, 0]);
  });

  it("joins any datatype, text and rows of the same length; others get a run of their own", async () => {
    const graph = echo();
    const own = evaluator(load(graph), { inputs: graph.inputs.map(({ name }) => name) });
    const request = (text: string, row: readonly number[]): Tensor[] => [
      // Not in the order of model.json.
      { name: "row", datatype: "FP64", shape: [1, row.length], data: Float64Array.from(row) },
      { name: "text", datatype: "BYTES", shape: [1], data: [text] },
      { name: "count", datatype: "INT64", shape: [1, 1], data: new BigInt64Array([9n]) },
      { name: "flag", datatype: "BOOL", shape: [1], data: new Uint8Array([1]) },
    ];
    const answers = await Promise.all([
      own.infer(request("a", [1, 2])),
      own.infer(request("ß", [3, 4])),
      own.infer(request("", [5])),
    ]);
    assert.deepEqual(
      answers.map((outputs) =>
        outputs.map(({ data, shape }) => [[...(data as Iterable<unknown>)], shape]),
      ),
      [
        ["a", [1, 2]],
        ["ß", [3, 4]],
        ["", [5]],
      ].map(([text, row]) => [
        [[text], [1]],
        [[1], [1]],
        [[9n], [1, 1]],
        [row, [1, row!.length]],
      ]),
    );
    assert.deepEqual(runs, [
      { rows: 2, requests: 2 },
      { rows: 1, requests: 1 },
    ]);
  });

  it("a request that makes the joined run fail fails alone", async () => {
    const own = evaluator(load(lookup()), { inputs: ["index"] });
    const index = (value: bigint): Tensor[] => [
      { name: "index", datatype: "INT64", shape: [1], data: new BigInt64Array([value]) },
    ];
    const outcomes = await Promise.allSettled(
      [3n, 99n, 4n].map((value) => own.infer(index(value))),
    );
    const [first, second, third] = outcomes;
    assert.deepEqual(
      [first, third].map((outcome) => outcome?.status === "fulfilled" && numbers(outcome.value)),
      [[30], [40]],
    );
    assert.ok(second?.status === "rejected");
    const { status, message } = second.reason as { status: number; message: string };
    assert.equal(status, 400);
    assert.match(message, /^the model can't evaluate these inputs: .*idx=99/);
    assert.doesNotMatch(message, /onnxruntime\//, "nothing of the runtime's own sources");
    assert.deepEqual(numbers(await own.infer(index(5n))), [50], "and it goes on");
  });

  it("requests that are run alone one after the other leave others their turns", async () => {
    const busy = (): void => {
      for (const end = performance.now() + 5; performance.now() < end;);
    };
    const own = evaluator({
      thread: "main",
      run: (inputs) => {
        busy();
        if (inputs[0]!.shape[0]! > 1) throw new Error("not together");
        return inputs;
      },
      release: () => undefined,
    });
    const answers = Promise.all(Array.from({ length: 40 }, () => own.infer(many(1))));
    let turns = 0;
    const ended = { is: false };
    void answers.then(() => (ended.is = true));
    for (; !ended.is; turns++) await turn();
    assert.equal((await answers).length, 40);
    assert.ok(turns >= 15, `${turns} turns`);
  });

  it("runs that fail one after the other leave others their turns", async () => {
    const graph: Graph = {
      thread: "main",
      run: () => {
        throw new Error("a value out of range");
      },
      release: () => undefined,
    };
    const own = evaluator(graph, { maxBatchRows: 1 });
    const answers = Promise.allSettled(Array.from({ length: 40 }, () => own.infer(many(1))));
    let turns = 0;
    const ended = { is: false };
    void answers.then(() => (ended.is = true));
    for (; !ended.is; turns++) await turn();
    assert.ok((await answers).every(({ status }) => status === "rejected"));
    assert.ok(turns >= 40, `${turns} turns`);
  });

  it("an answer with other rows than were asked for is an error, and nobody gets another's", async () => {
    const graph = new HeldGraph();
    const own = evaluator({
      thread: "main",
      run: async (inputs) => (await graph.run(inputs)).map((own) => ({ ...own, shape: [1, 2] })),
      release: () => graph.release(),
    });
    const outcomes = await Promise.allSettled([own.infer(many(1)), own.infer(many(2))]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    assert.deepEqual(graph.runs, [3, 1, 2]);
  });

  it("a full queue refuses with 503 and Retry-After, at once; what waits is served", async () => {
    const graph = new HeldGraph();
    const open = graph.hold();
    const own = evaluator(graph, { maxQueue: 3 });
    const waiting = [own.infer(many(1))];
    await turn();
    for (let i = 0; i < 3; i++) waiting.push(own.infer(many(1)));
    await assert.rejects(own.infer(many(1)), {
      status: 503,
      headers: { "retry-after": "1" },
      message: /^3 requests wait/,
    });
    open();
    assert.equal((await Promise.all(waiting)).length, 4);
    await own.infer(many(1));
  });

  it("closing finishes what waits, frees the graph once, then refuses", async () => {
    const graph = new HeldGraph();
    const open = graph.hold();
    const own = evaluator(graph);
    const first = own.infer(many(1));
    await turn();
    const second = own.infer(many(2));
    const closed = Promise.all([own.close(), own.close()]);
    await assert.rejects(own.infer(many(1)), { status: 503, headers: { "retry-after": "1" } });
    await turn();
    assert.equal(graph.released, false);
    open();
    await Promise.all([first, second, closed]);
    assert.deepEqual(graph.runs, [1, 2]);
    assert.equal(graph.released, true);
  });

  it("runs out of memory: 503, not the client's fault", async () => {
    const own = evaluator(
      new HeldGraph(() => new Error("Failed to allocate memory for requested buffer of size 9")),
    );
    await assert.rejects(own.infer(many(1)), { status: 503, message: "out of memory: try again" });
  });
});
