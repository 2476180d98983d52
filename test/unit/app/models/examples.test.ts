import assert from "node:assert/strict";
import type { InputMetadata } from "../../../../app/server/model-metadata";
import { toTensors } from "../../../../app/server/models/examples";

const input = (
  datatype: InputMetadata["datatype"],
  shape: InputMetadata["shape"],
  name = "x",
): InputMetadata => ({ name, datatype, shape });

describe("examples as tensors", () => {
  it("one input: the instance is its row; several: an object of rows by name", () => {
    assert.deepEqual(
      toTensors(
        [input("FP32", [-1, 2])],
        [
          [1, 2],
          [3, 4],
        ],
      ),
      [{ name: "x", datatype: "FP32", shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }],
    );
    const several = [input("BYTES", [-1], "text"), input("INT64", [-1, 1, 2], "pair")];
    assert.deepEqual(toTensors(several, [{ pair: [[1, -2]], text: "ü" }]), [
      { name: "text", datatype: "BYTES", shape: [1], data: ["ü"] },
      { name: "pair", datatype: "INT64", shape: [1, 1, 2], data: new BigInt64Array([1n, -2n]) },
    ]);
  });

  it("an open dimension is as long as the first row's", () => {
    const [tensor] = toTensors([input("FP64", [-1, -1, 2])], [[[1, 2]], [[3, 4]]]);
    assert.deepEqual(tensor!.shape, [2, 1, 2]);
    assert.throws(() => toTensors([input("FP64", [-1, -1])], [[1], [1, 2]]), /^Error: 1 expected/);
  });

  it("every datatype has its range", () => {
    const fits: [InputMetadata["datatype"], unknown[], unknown[]][] = [
      ["BOOL", [true, false], [0, 1, "true"]],
      ["UINT8", [0, 255], [-1, 256, 0.5, "1"]],
      ["INT8", [-128, 127], [-129, 128]],
      ["UINT16", [65535], [65536]],
      ["INT32", [-(2 ** 31)], [2 ** 31]],
      ["UINT64", [0, 2 ** 53], [-1, 2 ** 64]],
      ["INT64", [-(2 ** 63)], [2 ** 63]],
      ["FP32", [-3.4e38, 0.1], [3.5e38, "1", null, true]],
      ["FP64", [1e308], [false, [1]]],
      ["BYTES", ["", "x"], [1, null, ["x"]]],
    ];
    for (const [datatype, good, bad] of fits) {
      assert.equal(toTensors([input(datatype, [-1])], good)[0]!.data.length, good.length);
      for (const value of bad)
        assert.throws(() => toTensors([input(datatype, [-1])], [value]), {
          message: `${datatype} is needed, got ${JSON.stringify(value)}`,
        });
    }
  });

  it("what doesn't fit is named", () => {
    const two = [input("FP32", [-1, 2], "a"), input("BYTES", [-1], "b")];
    const cases: [instance: unknown, message: string][] = [
      [[1, 2], "an object with a, b is needed"],
      [{ a: [1, 2] }, 'input "b" is missing'],
      [{ a: [1, 2], b: "", c: 1 }, 'unknown input "c"'],
      [{ a: 1, b: "" }, "a: an array is needed, got 1"],
      [{ a: [1], b: "" }, "a: 2 expected, got 1"],
      [{ a: [1, "2"], b: "" }, 'a[1]: FP32 is needed, got "2"'],
    ];
    for (const [instance, message] of cases)
      assert.throws(() => toTensors(two, [instance]), { message });
  });
});
