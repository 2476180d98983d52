import assert from "node:assert/strict";
import { parseRaw, renderRaw } from "../../../../app/server/codec/raw";
import {
  DATATYPES,
  datatypes,
  type Datatype,
  type TensorData,
} from "../../../../app/server/tensor";

const values: Record<Datatype, TensorData> = {
  BOOL: new Uint8Array([0, 1]),
  UINT8: new Uint8Array([0, 255]),
  UINT16: new Uint16Array([0, 65_535]),
  UINT32: new Uint32Array([0, 4_294_967_295]),
  UINT64: new BigUint64Array([0n, 18_446_744_073_709_551_615n]),
  INT8: new Int8Array([-128, 127]),
  INT16: new Int16Array([-32_768, 32_767]),
  INT32: new Int32Array([-2_147_483_648, 2_147_483_647]),
  INT64: new BigInt64Array([-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n]),
  FP32: new Float32Array([5.1, -3.4e38]),
  FP64: new Float64Array([0.1, 5e-324]),
  BYTES: ["", "\ufeffü\0🙂"],
};

describe("raw tensors", () => {
  for (const datatype of datatypes)
    it(`${datatype}: comes back as it went, from any place in a larger buffer`, () => {
      const data = values[datatype];
      const raw = renderRaw({ name: "x", datatype, shape: [2], data });
      const { bytes } = DATATYPES[datatype];
      if (bytes !== undefined) assert.equal(raw.length, 2 * bytes);
      for (const offset of [0, 1, 3, 8]) {
        const larger = Buffer.concat([Buffer.alloc(offset, 0xee), raw, Buffer.alloc(5, 0xee)]);
        const window = larger.subarray(offset, offset + raw.length);
        assert.deepEqual(parseRaw(datatype, window, 2, "f"), data);
      }
    });

  it("a window on a shared result is rendered alone", () => {
    const all = new Float32Array([1, 2, 3, 4]);
    const tensor = { name: "y", datatype: "FP32", shape: [2], data: all.subarray(1, 3) } as const;
    assert.deepEqual(renderRaw(tensor), Buffer.from(new Float32Array([2, 3]).buffer));
  });

  it("is little-endian, texts after their length", () => {
    const int = { name: "x", datatype: "INT32", shape: [1], data: new Int32Array([258]) } as const;
    assert.deepEqual([...renderRaw(int)], [2, 1, 0, 0]);
    const text = { name: "x", datatype: "BYTES", shape: [2], data: ["ü", ""] } as const;
    assert.deepEqual([...renderRaw(text)], [2, 0, 0, 0, 0xc3, 0xbc, 0, 0, 0, 0]);
  });

  const bad: [what: string, datatype: Datatype, bytes: number[], elements: number, RegExp][] = [
    ["too few bytes", "FP32", [0, 0, 0], 1, /^4 bytes are needed for 1 elements of FP32, got 3$/],
    ["too many bytes", "INT8", [0, 0, 0], 2, /^2 bytes .*got 3$/],
    ["a text's length cut off", "BYTES", [1, 0, 0], 1, /^text 0 goes beyond the end/],
    ["a text beyond the end", "BYTES", [2, 0, 0, 0, 65], 1, /^text 0 goes beyond the end/],
    ["a length of 4 GiB", "BYTES", [255, 255, 255, 255, 65], 1, /^text 0 goes beyond the end/],
    ["too few texts", "BYTES", [0, 0, 0, 0], 2, /^2 texts are needed, got 1$/],
    ["too many texts", "BYTES", [0, 0, 0, 0, 0, 0, 0, 0], 1, /^1 texts are needed, got 2$/],
    ["bytes that are no UTF-8", "BYTES", [1, 0, 0, 0, 0xff], 1, /^text 0 is not UTF-8$/],
  ];
  for (const [what, datatype, bytes, elements, message] of bad)
    it(`${what}: 400 at the field`, () => {
      assert.throws(() => parseRaw(datatype, Uint8Array.from(bytes), elements, "raw[0]"), {
        status: 400,
        field: "raw[0]",
        message,
      });
    });
});
