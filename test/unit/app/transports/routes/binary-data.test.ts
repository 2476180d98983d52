import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { runServer, type RunningServer } from "../../support/server";
import { ask, type Answer } from "../client";
import { variedModels } from "../models";

const HEADER = "inference-header-content-length";

/** Each text after its length. */
function bytesOf(...texts: (string | Buffer)[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );
}

function raw(array: Float32Array | Float64Array | BigInt64Array | Uint8Array): Buffer {
  return Buffer.from(array.buffer);
}

const sized = (size: unknown) => ({ parameters: { binary_data_size: size } });

describe("binary data extension", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels() });
  });
  after(() => server.close());

  /** Sends `json`, then `parts`. */
  const infer = (
    model: string,
    json: unknown,
    parts: readonly Buffer[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> => {
    const head = Buffer.from(JSON.stringify(json));
    return ask(`${server.url}/v2/models/${model}/infer`, {
      body: Buffer.concat([head, ...parts]),
      headers: {
        "content-type": "application/octet-stream",
        [HEADER]: String(head.length),
        ...headers,
      },
    });
  };

  /** The answer's JSON and each output's bytes. */
  const partsOf = ({ headers, bytes }: Answer) => {
    assert.equal(headers.get("content-type"), "application/octet-stream");
    assert.equal(Number(headers.get("content-length")), bytes.length);
    let at = Number(headers.get(HEADER));
    const json = JSON.parse(bytes.subarray(0, at).toString()) as {
      outputs: { name: string; data?: unknown; parameters?: { binary_data_size: number } }[];
    };
    const parts = json.outputs.map(({ parameters }) =>
      parameters ? bytes.subarray(at, (at += parameters.binary_data_size)) : undefined,
    );
    assert.equal(at, bytes.length, "every byte belongs to an output");
    return { json, parts };
  };

  const features = { name: "features", datatype: "FP32", shape: [1, 4] };
  const iris = raw(new Float32Array([5.1, 3.5, 1.4, 0.2]));
  const text = { name: "text", datatype: "BYTES", shape: [2] };
  const flag = { name: "flag", datatype: "BOOL", shape: [2] };
  const count = { name: "count", datatype: "INT64", shape: [2, 1] };
  const row = { name: "row", datatype: "FP64", shape: [2, 2] };

  it("as Triton's client sends it by default: all in binary, all back in binary", async () => {
    const sent = [
      raw(new Float64Array([1, 2.5, 3, -4])),
      bytesOf("grün", ""),
      raw(new BigInt64Array([9223372036854775807n, -8n])),
      raw(new Uint8Array([1, 0])),
    ];
    const inputs = [row, text, count, flag].map((input, i) => ({
      ...input,
      ...sized(sent[i]!.length),
    }));
    const answer = await infer(
      "several",
      { id: "7", inputs, parameters: { binary_data_output: true } },
      sent,
    );
    assert.equal(answer.status, 200, answer.bytes.toString());
    const { json, parts } = partsOf(answer);
    assert.deepEqual(
      json.outputs.map(({ name, data }) => [name, data]),
      [
        ["same-text", undefined],
        ["same-flag", undefined],
        ["same-count", undefined],
        ["same-row", undefined],
      ],
    );
    assert.deepEqual(parts, [sent[1], sent[3], sent[2], sent[0]]);
  });

  it("some in binary, some not, each way", async () => {
    const answer = await infer(
      "several",
      {
        inputs: [
          { ...text, ...sized(bytesOf("a", "b").length) },
          { ...flag, data: [true, false] },
          { ...count, data: [7, 8] },
          { ...row, ...sized(32) },
        ],
        outputs: [
          { name: "same-row" },
          { name: "same-text", parameters: { binary_data: false } },
          { name: "same-flag", parameters: { binary_data: true } },
        ],
        parameters: { binary_data_output: true },
      },
      [bytesOf("a", "b"), raw(new Float64Array([1, 2, 3, 4]))],
    );
    const { json, parts } = partsOf(answer);
    assert.deepEqual(json.outputs[1]!.data, ["a", "b"]);
    assert.deepEqual(parts, [raw(new Float64Array([1, 2, 3, 4])), undefined, Buffer.from([1, 0])]);
  });

  it("JSON in, binary out", async () => {
    const answer = await ask(`${server.url}/v2/models/iris/infer`, {
      body: {
        inputs: [{ ...features, data: [5.1, 3.5, 1.4, 0.2] }],
        outputs: [{ name: "label", parameters: { binary_data: true } }],
      },
    });
    assert.deepEqual(partsOf(answer).parts, [Buffer.alloc(8)]);
  });

  it("binary in, JSON out; compressed, too", async () => {
    const answer = await infer("iris", { inputs: [{ ...features, ...sized(16) }] }, [iris]);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get(HEADER), null);
    const head = Buffer.from(JSON.stringify({ inputs: [{ ...features, ...sized(16) }] }));
    const compressed = await ask(`${server.url}/v2/models/iris/infer`, {
      body: gzipSync(Buffer.concat([head, iris])),
      headers: { [HEADER]: String(head.length), "content-encoding": "gzip" },
    });
    assert.deepEqual(compressed.body, answer.body);
  });

  it("a model's NaN goes out as it is", async () => {
    const input = { name: "x", datatype: "FP32", shape: [1, 2], data: [-1, 0] };
    const answer = await ask(`${server.url}/v2/models/log/infer`, {
      body: { inputs: [input], parameters: { binary_data_output: true } },
    });
    const [bytes] = partsOf(answer).parts;
    assert.ok(Number.isNaN(bytes!.readFloatLE(0)));
    assert.equal(bytes!.readFloatLE(4), -Infinity);
  });

  const faults: [
    what: string,
    json: unknown,
    parts: Buffer[],
    headers: Record<string, string>,
    error: RegExp,
  ][] = [
    [
      "fewer bytes than announced",
      { inputs: [{ ...features, ...sized(16) }] },
      [iris.subarray(4)],
      {},
      /binary_data_size: 16 bytes are announced, the body has 12 left/,
    ],
    [
      "bytes that nobody takes",
      { inputs: [{ ...features, ...sized(16) }] },
      [iris, iris],
      {},
      /^inference-header-content-length: the body has 16 bytes more/,
    ],
    [
      "a size that doesn't fit the shape",
      { inputs: [{ ...features, ...sized(12) }] },
      [iris.subarray(4)],
      {},
      /binary_data_size: 16 bytes are needed for 4 elements of FP32, got 12/,
    ],
    [
      "a negative size",
      { inputs: [{ ...features, ...sized(-1) }] },
      [iris],
      {},
      /whole number of bytes is needed, got -1/,
    ],
    [
      "a size that is no number",
      { inputs: [{ ...features, ...sized("16") }] },
      [iris],
      {},
      /whole number of bytes is needed, got a string/,
    ],
    [
      "a huge size",
      { inputs: [{ ...features, ...sized(2 ** 53) }] },
      [iris],
      {},
      /whole number of bytes is needed/,
    ],
    [
      "data and binary data",
      { inputs: [{ ...features, data: [1, 2, 3, 4], ...sized(16) }] },
      [iris],
      {},
      /^inputs\[0\]\.data: either/,
    ],
    [
      "NaN",
      { inputs: [{ ...features, ...sized(16) }] },
      [raw(new Float32Array([1, NaN, 3, 4]))],
      {},
      /^inputs\[0\]\.data\[1\]: a finite number is needed, got NaN/,
    ],
    [
      "infinity",
      { inputs: [{ ...features, ...sized(16) }] },
      [raw(new Float32Array([1, 2, 3, Infinity]))],
      {},
      /^inputs\[0\]\.data\[3\]: .*got Infinity/,
    ],
    [
      "a length beyond the body",
      { inputs: [{ ...features, ...sized(16) }] },
      [iris],
      { [HEADER]: "99999" },
      /^inference-header-content-length: a number of bytes from 0 to \d+/,
    ],
    [
      "a length that is no number",
      { inputs: [{ ...features, ...sized(16) }] },
      [iris],
      { [HEADER]: "all" },
      /^inference-header-content-length: a number of bytes/,
    ],
    [
      "a length of nothing",
      { inputs: [{ ...features, ...sized(16) }] },
      [iris],
      { [HEADER]: "0" },
      /the body is empty/,
    ],
    [
      "a length within the JSON",
      { inputs: [{ ...features, ...sized(16) }] },
      [iris],
      { [HEADER]: "20" },
      /not JSON/,
    ],
  ];
  for (const [what, json, parts, headers, error] of faults)
    it(`${what}: 400`, async () => {
      const answer = await infer("iris", json, parts, headers);
      assert.equal(answer.status, 400, answer.bytes.toString());
      assert.match(String(answer.body["error"]), error);
    });

  it("binary data without the header: 400", async () => {
    const body = { inputs: [{ ...features, ...sized(16) }] };
    const answer = await ask(`${server.url}/v2/models/iris/infer`, { body });
    assert.equal(answer.status, 400);
    assert.match(String(answer.body["error"]), /need the header inference-header-content-length/);
  });

  const spoiltTexts: [what: string, bytes: Buffer, error: RegExp][] = [
    ["a length that is cut off", Buffer.from([1, 0]), /text 0 goes beyond the end/],
    ["a text that is cut off", bytesOf("abc").subarray(0, 6), /text 0 goes beyond the end/],
    ["a huge length", Buffer.from([0xff, 0xff, 0xff, 0xff, 1]), /text 0 goes beyond the end/],
    ["too few texts", bytesOf("a"), /2 texts are needed, got 1/],
    ["too many texts", bytesOf("a", "b", "c"), /2 texts are needed, got 3/],
    ["a text that is no UTF-8", bytesOf("a", Buffer.from([0xc3])), /text 1 is not UTF-8/],
  ];
  for (const [what, bytes, error] of spoiltTexts)
    it(`${what}: 400`, async () => {
      const answer = await infer("text", { inputs: [{ ...text, ...sized(bytes.length) }] }, [
        bytes,
      ]);
      assert.equal(answer.status, 400);
      const [, message] = /^inputs\[0\]\.parameters\.binary_data_size: (.*)$/.exec(
        String(answer.body["error"]),
      )!;
      assert.match(message!, error);
    });

  it("a flag that is neither 0 nor 1: 400", async () => {
    const others = [
      { ...text, data: ["a", "b"] },
      { ...count, data: [1, 2] },
      { ...row, data: [1, 2, 3, 4] },
    ];
    const json = { inputs: [{ ...flag, ...sized(2) }, ...others] };
    const answer = await infer("several", json, [Buffer.from([1, 2])]);
    assert.equal(answer.status, 400);
    assert.match(String(answer.body["error"]), /^inputs\[0\]\.data\[1\]: 0 or 1 is needed, got 2/);
  });
});
