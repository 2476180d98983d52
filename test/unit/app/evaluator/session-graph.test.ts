import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock } from "node:test";
import path from "node:path";
import { OnnxSession } from "../../../../app/server/evaluator/onnx-session";
import { SessionGraph } from "../../../../app/server/evaluator/session-graph";
import { parseModelMetadata } from "../../../../app/server/model-metadata";
import { toTensors } from "../../../../app/server/models/examples";
import { DATATYPES, datatypes, type Tensor } from "../../../../app/server/tensor";
import { load, numbers, x } from "../support/graph";
import { echo, oneRow, scaling, words } from "../support/graphs";
import { readGolden, shippedModels, vectorizerOf } from "../support/models";
import { onnxModel } from "../support/onnx";

describe("session graph", () => {
  it("answers what the model's own framework answers", () => {
    const golden = readGolden(shippedModels);
    const read = (file: string) => readFileSync(path.join(shippedModels, "iris", file));
    const metadata = parseModelMetadata(read("model.json").toString());
    const graph = SessionGraph.load({ onnx: read("1/model.onnx") }, metadata);
    const instances = golden.requests.map(({ instance }) => instance);
    const [label, probabilities] = graph.run(toTensors(metadata.inputs, instances));
    assert.deepEqual([label!.name, probabilities!.name], ["label", "probabilities"]);
    golden.requests.forEach(({ prediction }, i) => {
      assert.equal(metadata.labels![Number(label!.data[i])], prediction.label);
      prediction.probabilities.forEach((expected, j) => {
        const got = probabilities!.data[i * 3 + j] as number;
        assert.ok(Math.abs(got - expected) <= golden.tolerance, `row ${i}: ${got}, ${expected}`);
      });
    });
    graph.release();
  });

  it("takes and gives every datatype", () => {
    for (const datatype of datatypes) {
      const value = (name: string) => ({ name, type: datatype, shape: ["rows"] });
      const graph = SessionGraph.load(
        {
          onnx: onnxModel({
            inputs: [value("in")],
            outputs: [value("out")],
            nodes: [{ op: "Identity", inputs: ["in"], outputs: ["out"] }],
          }),
        },
        {
          inputs: [{ name: "in", datatype, shape: [-1] }],
          outputs: [{ name: "out", datatype, shape: [-1] }],
        },
      );
      const one = datatype === "BYTES" ? "é" : datatype.endsWith("INT64") ? 1n : 1;
      const from = DATATYPES[datatype].array.from.bind(DATATYPES[datatype].array) as (
        elements: unknown[],
      ) => Tensor["data"];
      const data = from([one, one]);
      const [out] = graph.run([{ name: "in", datatype, shape: [2], data }]);
      assert.deepEqual(out, { name: "out", datatype, shape: [2], data });
      graph.release();
    }
  });

  it("text goes through the vectorizer into the graph", () => {
    const read = (file: string) => readFileSync(path.join(shippedModels, "spam", file));
    const metadata = parseModelMetadata(read("model.json").toString());
    const files = {
      onnx: read("1/model.onnx"),
      vectorizer: read("1/vectorizer.json").toString(),
    };
    const graph = SessionGraph.load(files, metadata);
    const golden = JSON.parse(read("1/golden.json").toString()) as ReturnType<typeof readGolden>;
    const some = golden.requests.slice(0, 50);
    const texts = some.map(({ instance }) => instance as unknown);
    const outputs = graph.run(toTensors(metadata.inputs, texts));
    const probabilities = outputs.find(({ name }) => name === "probabilities")!.data;
    some.forEach(({ prediction }, i) =>
      prediction.probabilities.forEach((expected, j) => {
        const got = probabilities[i * prediction.probabilities.length + j] as number;
        assert.ok(Math.abs(got - expected) <= golden.tolerance, `text ${i}: ${got}, ${expected}`);
      }),
    );
    graph.release();
    assert.throws(() => SessionGraph.load({ onnx: files.onnx }, metadata), /vectorizer\.json/);
  });

  it("many texts are counted in slices, a few megabytes at a time", () => {
    const width = 50_000;
    const { onnx, ...metadata } = words(width);
    const graph = SessionGraph.load({ onnx, vectorizer: vectorizerOf(width) }, metadata);
    const texts = Array.from({ length: 200 }, (_, i) => "w7 ".repeat(i));
    const numbersOfX = Float32Array.from({ length: 400 }, (_, i) => i);
    const runs = mock.method(OnnxSession.prototype, "run");
    try {
      const [y, same] = graph.run([
        { name: "text", datatype: "BYTES", shape: [200], data: texts },
        { name: "x", datatype: "FP32", shape: [200, 2], data: numbersOfX },
      ]);
      assert.deepEqual(
        [y!.shape, same!.shape],
        [
          [200, 1],
          [200, 2],
        ],
      );
      assert.deepEqual(
        Array.from(y!.data as Float32Array, (mean) => Math.round(mean * width)),
        texts.map((_, i) => i),
      );
      assert.deepEqual(same!.data, numbersOfX);
      const sizes = runs.mock.calls.map(({ arguments: [feeds] }) => feeds["counts"]!.data.length);
      assert.deepEqual(
        sizes.map((size) => size / width),
        [83, 83, 34],
      );
    } finally {
      runs.mock.restore();
      graph.release();
    }
  });

  it("a text that the runtime would cut at U+0000 is refused", () => {
    const { onnx, ...metadata } = echo();
    const graph = SessionGraph.load({ onnx }, metadata);
    const [text, ...others] = toTensors(metadata.inputs, [
      { text: "a", flag: true, count: [1], row: [1] },
    ]);
    assert.throws(() => graph.run([{ ...text!, data: ["a\0b"] }, ...others]), {
      message: 'input "text": the character U+0000 is in text 0',
    });
    graph.release();
  });

  it("its memory is freed: nothing runs after that", () => {
    const graph = load(scaling(2));
    assert.deepEqual(numbers(graph.run(x([1, 2]))), [2, 4]);
    graph.release();
    assert.throws(() => graph.run(x([1, 2])));
  });

  it("what is freed is there for the next one: many in turn take no more than a few", function () {
    this.timeout(60_000);
    const read = (file: string) => readFileSync(path.join(shippedModels, "spam", file));
    const metadata = parseModelMetadata(read("model.json").toString());
    const files = {
      onnx: read("1/model.onnx"),
      vectorizer: read("1/vectorizer.json").toString(),
    };
    const released: SessionGraph[] = [];
    const loadInTurn = (times: number): number => {
      for (let i = 0; i < times; i++) {
        const graph = SessionGraph.load(files, metadata);
        graph.release();
        released.push(graph); // so that no garbage collection frees it instead
      }
      // JavaScript's heap grows and shrinks as it likes.
      const { rss, heapTotal, external } = process.memoryUsage();
      return rss - heapTotal - external;
    };
    const few = loadInTurn(10);
    const growth = loadInTurn(150) - few;
    // One holds 4 MB, so that those that stayed would take 600.
    assert.ok(growth < 200e6, `${Math.round(growth / 1e6)} MB more`);
  });

  it("leaves no trace of itself with the runtime's maker", () => {
    assert.equal(process.env["ORT_DISABLE_TELEMETRY"], "1");
  });

  const own = scaling(2);
  const faults: [what: string, change: Partial<typeof own>, reason: RegExp][] = [
    [
      "another input's name",
      { inputs: [{ ...own.inputs[0], name: "z" }] },
      /: no input "z" \(has x\); the graph needs an input "x"$/,
    ],
    [
      "another datatype",
      { inputs: [{ ...own.inputs[0], datatype: "INT64" }] },
      /: input "x" is float32 \[rows,2\], not INT64 \[-1,2\]$/,
    ],
    [
      "another width",
      { outputs: [{ ...own.outputs[0], shape: [-1, 3] }] },
      /: output "y" is float32 \[rows,2\], not FP32 \[-1,3\]$/,
    ],
    [
      "another rank",
      { outputs: [{ ...own.outputs[0], shape: [-1] }] },
      /: output "y" is float32 \[rows,2\], not FP32 \[-1\]$/,
    ],
    [
      "an output too many",
      { outputs: [own.outputs[0], { ...own.outputs[0], name: "w" }] },
      /: no output "w" \(has y\)$/,
    ],
    ["a fixed number of rows", oneRow(), /\[1,2\], not FP32 \[-1,2\]: export it with a first/],
    ["no ONNX", { onnx: Buffer.from("garbage") }, /protobuf|parse|model/i],
  ];
  for (const [what, change, reason] of faults)
    it(`refuses a graph with ${what}`, () => {
      assert.throws(() => load({ ...own, ...change }), { message: reason });
    });
});
