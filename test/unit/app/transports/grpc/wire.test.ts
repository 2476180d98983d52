import assert from "node:assert/strict";
import {
  modelInferRequest,
  modelInferResponse,
  modelMetadataResponse,
} from "../../../../../app/server/transports/grpc/messages";

/** A field as it is on the wire: its number and wire type, then its content after its length. */
const field = (number: number, content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);
const floats = Buffer.from(new Float32Array([5.1, 3.5]).buffer);
const minusOne = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);

describe("messages on the wire", () => {
  it("a raw request, byte for byte", () => {
    const bytes = Buffer.concat([
      field(1, "iris"),
      field(2, "3"),
      field(3, "id-1"),
      field(4, Buffer.concat([field(1, "priority"), field(2, varint(2, 5))])),
      field(
        5,
        Buffer.concat([field(1, "features"), field(2, "FP32"), field(3, Buffer.from([1, 2]))]),
      ),
      field(6, Buffer.concat([field(1, "label")])),
      field(7, floats),
    ]);
    const request = modelInferRequest.decode(bytes);
    assert.equal(request.model_name, "iris");
    assert.equal(request.model_version, "3");
    assert.equal(request.id, "id-1");
    const [input] = request.inputs;
    assert.equal(input?.name, "features");
    assert.equal(input.datatype, "FP32");
    assert.deepEqual(input.shape.map(String), ["1", "2"]);
    assert.equal(input.contents, null);
    assert.equal(request.outputs[0]?.name, "label");
    assert.deepEqual(request.raw_input_contents, [floats]);
  });

  it("a request of lists, packed or not", () => {
    const contents = Buffer.concat([
      field(1, Buffer.from([1, 0])),
      varint(1, 1),
      field(2, Buffer.concat([Buffer.from([7]), minusOne])),
      field(3, Buffer.concat([minusOne, Buffer.from([9])])),
      field(4, Buffer.from([4])),
      field(5, minusOne),
      field(6, floats),
      field(7, Buffer.from(new Float64Array([0.1]).buffer)),
      field(8, "ü"),
      field(8, ""),
    ]);
    const bytes = field(5, Buffer.concat([field(1, "x"), varint(3, 1), field(5, contents)]));
    const [input] = modelInferRequest.decode(bytes).inputs;
    assert.deepEqual(input?.shape.map(String), ["1"]);
    const { contents: got } = input;
    assert.deepEqual(got?.bool_contents, [true, false, true]);
    assert.deepEqual(got.int_contents, [7, -1]);
    assert.deepEqual(got.int64_contents.map(String), ["-1", "9"]);
    assert.deepEqual(got.uint_contents, [4]);
    assert.deepEqual(got.uint64_contents.map(String), ["18446744073709551615"]);
    assert.deepEqual(got.fp32_contents, [Math.fround(5.1), 3.5]);
    assert.deepEqual(got.fp64_contents, [0.1]);
    assert.deepEqual(got.bytes_contents, [Buffer.from("ü"), Buffer.alloc(0)]);
  });

  it("an empty message, an empty parameter and unknown fields are none the worse", () => {
    const { model_name: model, inputs, outputs } = modelInferRequest.decode(Buffer.alloc(0));
    assert.deepEqual([model, inputs, outputs], ["", [], []]);
    const bytes = Buffer.concat([
      field(4, ""),
      field(5, field(4, field(1, "a"))),
      field(15, "new"),
    ]);
    assert.equal(modelInferRequest.decode(bytes).inputs[0]?.contents, null);
  });

  it("an answer, byte for byte", () => {
    const output = (contents: Buffer[]): Buffer =>
      field(
        5,
        Buffer.concat([
          field(1, "y"),
          field(2, "FP32"),
          field(3, Buffer.from([1, 2])),
          ...contents,
        ]),
      );
    const head = [field(1, "iris"), field(2, "1"), field(3, "a")];
    const answer = { model_name: "iris", model_version: "1", id: "a" };
    const y = { name: "y", datatype: "FP32", shape: [1, 2] };
    assert.deepEqual(
      modelInferResponse.encode({ ...answer, outputs: [y], raw_output_contents: [floats] }),
      Buffer.concat([...head, output([]), field(6, floats)]),
    );
    const contents = { fp32_contents: new Float32Array([5.1, 3.5]) };
    assert.deepEqual(
      modelInferResponse.encode({ ...answer, outputs: [{ ...y, contents }] }),
      Buffer.concat([...head, output([field(5, field(6, floats))])]),
    );
  });

  it("a free dimension is -1 in ten bytes", () => {
    const input = { name: "x", datatype: "FP32", shape: [-1, 4] };
    assert.deepEqual(
      modelMetadataResponse.encode({
        name: "m",
        versions: ["2", "1"],
        platform: "p",
        inputs: [input],
        outputs: [],
      }),
      Buffer.concat([
        field(1, "m"),
        field(2, "2"),
        field(2, "1"),
        field(3, "p"),
        field(
          4,
          Buffer.concat([
            field(1, "x"),
            field(2, "FP32"),
            field(3, Buffer.concat([minusOne, Buffer.from([4])])),
          ]),
        ),
      ]),
    );
  });
});
