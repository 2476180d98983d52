import assert from "node:assert/strict";
import { connect, type ClientHttp2Session } from "node:http2";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { echo, scaling } from "../../support/graphs";
import { temporaryModels } from "../../support/models";
import { refusal, type Contents, type InferInput, type InferRequest } from "./client";
import { exchange, framed } from "./exchange";
import { runGrpc, type Running } from "./running";

const x = (contents: Contents = { fp32_contents: [1, 2] }): InferInput => ({
  name: "x",
  datatype: "FP32",
  shape: [1, 2],
  contents,
});
const good: InferRequest = { model_name: "double", inputs: [x()] };
const header = (shape: (number | string)[]): InferInput => ({ name: "x", datatype: "FP32", shape });

describe("gRPC: bad requests", () => {
  let running: Running;
  let session: ClientHttp2Session;
  before(async () => {
    const models = temporaryModels()
      .addGraph("double", scaling(2))
      .addGraph("echo", echo())
      .addGraph("broken", scaling(2))
      .write("broken/1/model.onnx", "x");
    running = await runGrpc({ modelsDir: models.path, maxRows: 3 });
    session = connect(`http://127.0.0.1:${running.transport.port}`);
  });
  after(async () => {
    session.destroy();
    await running.close();
  });

  const cases: [what: string, request: InferRequest, code: status, details: RegExp][] = [
    ["an unknown model", { ...good, model_name: "nope" }, status.NOT_FOUND, /no model "nope"/],
    ["an unknown version", { ...good, model_version: "7" }, status.NOT_FOUND, /no version "7"/],
    [
      "a model that could not be loaded",
      { ...good, model_name: "broken" },
      status.UNAVAILABLE,
      /version 1 of model "broken" can't be served: /,
    ],
    ["no input", { ...good, inputs: [] }, status.INVALID_ARGUMENT, /^inputs: .*"x" is missing/],
    [
      "an unknown input",
      { ...good, inputs: [{ ...x(), name: "z" }] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.name: no input "z"/,
    ],
    [
      "an input twice",
      { ...good, inputs: [x(), x()] },
      status.INVALID_ARGUMENT,
      /^inputs\[1\]\.name: /,
    ],
    [
      "another datatype",
      { ...good, inputs: [{ ...x(), datatype: "FP64" }] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.datatype: .*FP32.*"FP64"/,
    ],
    [
      "a datatype that is none",
      { ...good, inputs: [{ ...x(), datatype: "__proto__" }] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.datatype: /,
    ],
    ["no shape", { ...good, inputs: [header([])] }, status.INVALID_ARGUMENT, /^inputs\[0\]\.shape/],
    ...(
      [
        [0, 2],
        [1, 3],
        [1, 2, 1],
        [-1, 2],
        ["9223372036854775807", 2],
      ] as const
    ).map((shape): [string, InferRequest, status, RegExp] => [
      `shape [${shape.join(",")}]`,
      { ...good, inputs: [header([...shape])] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.shape/,
    ]),
    [
      "too many rows",
      { ...good, inputs: [header([4, 2])] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.shape\[0\]: at most 3 rows.*got 4/,
    ],
    [
      "too few elements",
      { ...good, inputs: [x({ fp32_contents: [1] })] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.data: 2 elements .*got 1/,
    ],
    [
      "no contents",
      { ...good, inputs: [header([1, 2])] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.data: 2 elements .*got 0/,
    ],
    [
      "the wrong list",
      { ...good, inputs: [x({ fp64_contents: [1, 2] })] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.contents: FP32 is in fp32_contents, got fp64_contents/,
    ],
    [
      "NaN",
      { ...good, inputs: [x({ fp32_contents: [1, NaN] })] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.data\[1\]: a finite number .*NaN/,
    ],
    [
      "infinity",
      { ...good, inputs: [x({ fp32_contents: [Infinity, 1] })] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.data\[0\]: a finite number .*Infinity/,
    ],
    [
      "lists beside raw contents",
      { ...good, raw_input_contents: [Buffer.alloc(8)] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.contents: /,
    ],
    [
      "too few raw bytes",
      { ...good, inputs: [header([1, 2])], raw_input_contents: [Buffer.alloc(7)] },
      status.INVALID_ARGUMENT,
      /^raw_input_contents\[0\]: 8 bytes .*got 7/,
    ],
    [
      "raw contents for an input that isn't there",
      { ...good, inputs: [header([1, 2])], raw_input_contents: [Buffer.alloc(8), Buffer.alloc(8)] },
      status.INVALID_ARGUMENT,
      /^raw_input_contents: 1 are needed.*got 2/,
    ],
    [
      "an unknown output",
      { ...good, outputs: [{ name: "q" }] },
      status.INVALID_ARGUMENT,
      /^outputs\[0\]\.name: no output "q"; the model answers y/,
    ],
    [
      "shared memory",
      {
        ...good,
        inputs: [
          { ...header([1, 2]), parameters: { shared_memory_region: { string_param: "a" } } },
        ],
      },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.parameters\.shared_memory_region: is not supported/,
    ],
    [
      "rows that differ",
      {
        model_name: "echo",
        inputs: [
          {
            name: "text",
            datatype: "BYTES",
            shape: [1],
            contents: { bytes_contents: [Buffer.of()] },
          },
          { name: "flag", datatype: "BOOL", shape: [2], contents: { bool_contents: [true, true] } },
        ],
      },
      status.INVALID_ARGUMENT,
      /^inputs\[1\]\.shape\[0\]: every input has the same number of rows/,
    ],
    [
      "text that is not UTF-8",
      {
        model_name: "echo",
        inputs: [
          {
            name: "text",
            datatype: "BYTES",
            shape: [1],
            contents: { bytes_contents: [Buffer.of(0xff)] },
          },
        ],
      },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.contents: text 0 is not UTF-8/,
    ],
    [
      "a long name, cut within a character",
      { ...good, inputs: [{ ...x(), name: `${"n".repeat(39)}🙂🙂` }] },
      status.INVALID_ARGUMENT,
      /^inputs\[0\]\.name: no input "n{39}/,
    ],
  ];
  for (const [what, request, code, details] of cases)
    it(`${what}: ${status[code]}`, async () => {
      const error = await refusal(running.client.infer(request));
      assert.match(error.details, details);
      assert.equal(error.code, code);
    });

  it("too large a message: RESOURCE_EXHAUSTED", async () => {
    const request = { ...good, id: "x".repeat(70_000) };
    const error = await refusal(running.client.infer(request));
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
  });

  it("a small message that decompresses to a large one: RESOURCE_EXHAUSTED", async () => {
    const body = framed(gzipSync(Buffer.alloc(10_000_000)), 1);
    assert.ok(body.length < 65_536);
    const { code } = await exchange(session, body, undefined, { "grpc-encoding": "gzip" });
    assert.equal(code, String(status.RESOURCE_EXHAUSTED));
  });

  it("a message that is none: INVALID_ARGUMENT", async () => {
    for (const bytes of [
      [0x0a, 0xff],
      [0xff, 0xff, 0xff],
      [0x2a, 0x02, 0x1a, 0x05],
    ]) {
      const { code, message } = await exchange(session, framed(Buffer.from(bytes)));
      assert.equal(code, String(status.INVALID_ARGUMENT), bytes.join());
      assert.match(decodeURI(message ?? ""), /^the message can't be decoded: /);
    }
  });

  it("an empty message names no input", async () => {
    const { code } = await exchange(session, framed(Buffer.alloc(0)));
    assert.equal(code, String(status.INVALID_ARGUMENT));
  });

  it("another content type: 415", async () => {
    const headers = { "content-type": "application/json" };
    assert.equal((await exchange(session, Buffer.from("{}"), undefined, headers)).http, 415);
  });

  it("an unknown method: UNIMPLEMENTED", async () => {
    const { code } = await exchange(session, framed(Buffer.alloc(0)), "/inference.X/Y");
    assert.equal(code, String(status.UNIMPLEMENTED));
  });

  it("a request that doesn't arrive whole in time: DEADLINE_EXCEEDED", async () => {
    // Of its own: the others' requests have the default, which no pause of the machine comes up to.
    const modelsDir = temporaryModels().addGraph("double", scaling(2)).path;
    const impatient = await runGrpc({ modelsDir, requestMs: 500 });
    const own = connect(`http://127.0.0.1:${impatient.transport.port}`);
    const stream = own.request({
      ":method": "POST",
      ":path": "/inference.GRPCInferenceService/ModelInfer",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.write(framed(Buffer.alloc(100)).subarray(0, 50));
    const code = await new Promise((resolve) =>
      stream.on("response", (headers) => resolve(headers["grpc-status"])),
    );
    assert.equal(code, String(status.DEADLINE_EXCEEDED));
    assert.deepEqual(
      impatient.lines.filter(({ level }) => level !== "info"),
      [],
    );
    own.destroy();
    await impatient.close();
  });

  it("health of a service there isn't: NOT_FOUND", async () => {
    const error = await refusal(running.client.check("nope"));
    assert.equal(error.code, status.NOT_FOUND);
  });

  it("readiness: of an unknown model NOT_FOUND, of one that could not be loaded false", async () => {
    const { client } = running;
    const error = await refusal(client.call("ModelReady", { name: "nope" }));
    assert.equal(error.code, status.NOT_FOUND);
    assert.deepEqual(await client.call("ModelReady", { name: "broken" }), { ready: false });
  });

  it("after all that it answers, none was its own fault, and the known model's are counted", async () => {
    const { outputs } = await running.client.infer(good);
    assert.deepEqual(outputs[0]!.contents!.fp32_contents, [2, 4]);
    const own = running.lines.filter(
      ({ level, message }) => level !== "info" && message !== "model failed to load",
    );
    assert.deepEqual(own, []);
    const text = await running.metrics.render();
    const counted = (name: string): number =>
      Number(
        new RegExp(`^${name}\\{model="double",version="1"[^}]*\\} (.*)$`, "m").exec(text)?.[1],
      );
    const refused = cases.filter(
      ([, { model_name: model }, code]) => model === "double" && code === status.INVALID_ARGUMENT,
    ).length;
    assert.equal(counted("modelport_request_seconds_count"), 1);
    // The empty message named no model: this one is the default.
    assert.equal(counted("modelport_request_errors_total"), refused + 1, "its first line: invalid");
    assert.equal(counted("modelport_requests_total"), refused + 2);
  });
});
