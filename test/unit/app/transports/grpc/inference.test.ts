import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ModelMetadata } from "../../../../../app/server/model-metadata";
import { echo, lookup } from "../../support/graphs";
import { shippedModels, temporaryModels } from "../../support/models";
import type { Contents, InferAnswer, InferInput } from "./client";
import { runGrpc, type Running } from "./running";

interface GoldenFile {
  readonly tolerance: number;
  readonly requests: readonly {
    readonly instance: number[] | string;
    readonly prediction: { readonly label: string; readonly probabilities: readonly number[] };
  }[];
}

const read = (file: string): unknown =>
  JSON.parse(readFileSync(`${shippedModels}/${file}`, "utf8"));

/** Each text after its length in four bytes, as clients send them. */
const rawTexts = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );

describe("gRPC: golden answers", () => {
  let running: Running;
  before(async () => {
    running = await runGrpc({ modelsDir: shippedModels });
  });
  after(() => running.close());

  for (const name of ["iris", "spam", "and-gate"]) {
    const { inputs, labels = [] } = read(`${name}/model.json`) as ModelMetadata;
    const [{ name: input, datatype }] = inputs;
    const { requests, tolerance } = read(`${name}/1/golden.json`) as GoldenFile;
    const rows = requests.slice(0, 200);
    const instances = rows.map(({ instance }) => instance);
    const texts = instances.filter((instance) => typeof instance === "string");
    const numbers = instances.filter((instance) => typeof instance !== "string");
    const shape = [rows.length, ...(numbers[0] === undefined ? [] : [numbers[0].length])];
    const described: InferInput = { name: input, datatype, shape };

    const check = (
      probabilities: readonly number[],
      label: readonly string[] | undefined,
    ): void => {
      assert.equal(probabilities.length, rows.length * labels.length);
      rows.forEach(({ prediction }, row) => {
        if (label !== undefined) assert.equal(labels[Number(label[row])], prediction.label);
        prediction.probabilities.forEach((wanted, i) => {
          const got = probabilities[row * labels.length + i]!;
          assert.ok(Math.abs(got - wanted) <= tolerance, `row ${row}: ${got}, not ${wanted}`);
        });
      });
    };
    const index = (answer: InferAnswer, output: string): number =>
      answer.outputs.findIndex((candidate) => candidate.name === output);

    it(`${name}: raw contents are answered raw`, async () => {
      const raw =
        texts.length > 0 ? rawTexts(texts) : Buffer.from(new Float32Array(numbers.flat()).buffer);
      const answer = await running.client.infer({
        model_name: name,
        id: "golden",
        inputs: [described],
        raw_input_contents: [raw],
      });
      assert.equal(answer.model_name, name);
      assert.equal(answer.model_version, "1");
      assert.equal(answer.id, "golden");
      assert.ok(answer.outputs.every(({ contents }) => contents === null));
      const bytes = answer.raw_output_contents[index(answer, "probabilities")]!;
      const labelBytes = answer.raw_output_contents[index(answer, "label")];
      check(
        Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i)),
        labelBytes && rows.map((_, i) => String(labelBytes.readBigInt64LE(8 * i))),
      );
    });

    it(`${name}: lists are answered with lists`, async () => {
      const contents: Contents =
        texts.length > 0
          ? { bytes_contents: texts.map((text) => Buffer.from(text)) }
          : { fp32_contents: numbers.flat() };
      const answer = await running.client.infer({
        model_name: name,
        inputs: [{ ...described, contents }],
      });
      assert.deepEqual(answer.raw_output_contents, []);
      const probabilities = answer.outputs[index(answer, "probabilities")]!;
      assert.equal(probabilities.datatype, "FP32");
      assert.deepEqual(probabilities.shape, [String(rows.length), String(labels.length)]);
      check(
        probabilities.contents!.fp32_contents,
        answer.outputs[index(answer, "label")]?.contents!.int64_contents,
      );
    });
  }

  it("only the outputs that were asked for, in that order", async () => {
    const answer = await running.client.infer({
      model_name: "iris",
      inputs: [
        {
          name: "features",
          datatype: "FP32",
          shape: [1, 4],
          contents: { fp32_contents: [5.1, 3.5, 1.4, 0.2] },
        },
      ],
      outputs: [{ name: "probabilities" }, { name: "label" }],
    });
    assert.deepEqual(
      answer.outputs.map(({ name }) => name),
      ["probabilities", "label"],
    );
    assert.deepEqual(answer.outputs[1]!.contents!.int64_contents, ["0"]);
  });

  it("the server, its models and their tensors are described", async () => {
    const { client } = running;
    assert.deepEqual(await client.call("ServerLive"), { live: true });
    assert.deepEqual(await client.call("ServerReady"), { ready: true });
    assert.equal(await client.check(), "SERVING");
    assert.equal(await client.check("inference.GRPCInferenceService"), "SERVING");
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    assert.deepEqual(await client.call("ServerMetadata"), {
      name: "modelport",
      version,
      extensions: [],
    });
    assert.deepEqual(await client.call("ModelReady", { name: "iris", version: "1" }), {
      ready: true,
    });
    assert.deepEqual(await client.call("ModelMetadata", { name: "iris" }), {
      name: "iris",
      versions: ["1"],
      platform: "onnxruntime_onnx",
      inputs: [{ name: "features", datatype: "FP32", shape: ["-1", "4"] }],
      outputs: [
        { name: "label", datatype: "INT64", shape: ["-1"] },
        { name: "probabilities", datatype: "FP32", shape: ["-1", "3"] },
      ],
    });
  });
});

describe("gRPC: datatypes", () => {
  let running: Running;
  before(async () => {
    const models = temporaryModels().addGraph("echo", echo()).addGraph("lookup", lookup());
    running = await runGrpc({ modelsDir: models.path });
  });
  after(() => running.close());

  const texts = ["", "ü", "\ufeff🙂 نص"];
  const counts = ["9223372036854775807", "-9223372036854775808", "9007199254740993"];
  const row = [0.1, -1e300, 5e-324, 0, 1, 2];
  const inputs: InferInput[] = [
    { name: "text", datatype: "BYTES", shape: [3] },
    { name: "flag", datatype: "BOOL", shape: [3] },
    { name: "count", datatype: "INT64", shape: [3, 1] },
    { name: "row", datatype: "FP64", shape: [3, 2] },
  ];

  it("every value comes back as it was sent, in lists", async () => {
    const lists: Contents[] = [
      { bytes_contents: texts.map((text) => Buffer.from(text)) },
      { bool_contents: [true, false, true] },
      { int64_contents: counts },
      { fp64_contents: row },
    ];
    const { outputs } = await running.client.infer({
      model_name: "echo",
      inputs: inputs.map((input, i) => ({ ...input, contents: lists[i]! })),
    });
    const [text, flag, count, numbers] = outputs.map(({ contents }) => contents!);
    assert.deepEqual(text!.bytes_contents.map(String), texts);
    assert.deepEqual(flag!.bool_contents, [true, false, true]);
    assert.deepEqual(count!.int64_contents, counts);
    assert.deepEqual(numbers!.fp64_contents, row);
    assert.deepEqual(outputs[3]!.shape, ["3", "2"]);
  });

  it("every value comes back as it was sent, raw", async () => {
    const raw = [
      rawTexts(texts),
      Buffer.from([1, 0, 1]),
      Buffer.from(BigInt64Array.from(counts, BigInt).buffer),
      Buffer.from(new Float64Array(row).buffer),
    ];
    const answer = await running.client.infer({
      model_name: "echo",
      inputs,
      raw_input_contents: raw,
    });
    assert.deepEqual(answer.raw_output_contents, raw);
  });

  it("values the model can't evaluate: INVALID_ARGUMENT, the requests beside it are answered", async () => {
    const ask = (index: string): Promise<InferAnswer> =>
      running.client.infer({
        model_name: "lookup",
        inputs: [
          { name: "index", datatype: "INT64", shape: [1], contents: { int64_contents: [index] } },
        ],
      });
    const [good, bad] = await Promise.allSettled([ask("7"), ask("99")]);
    assert.equal(good.status, "fulfilled");
    assert.deepEqual(good.value.outputs[0]!.contents!.fp32_contents, [70]);
    assert.equal(bad.status, "rejected");
    assert.equal((bad.reason as { code: number }).code, 3);
  });
});
