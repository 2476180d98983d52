import assert from "node:assert/strict";
import fc from "fast-check";
import { parseInfer, renderInfer } from "../../../../app/server/codec/open-inference";
import { parseInstances, renderPredictions } from "../../../../app/server/codec/plain";
import { parsePredict, renderPredict } from "../../../../app/server/codec/tensorflow";
import type { ServedVersion } from "../../../../app/server/data-plane";
import { DATATYPES, type Datatype, type Tensor } from "../../../../app/server/tensor";

/** A version of a model whose outputs are called as its inputs are. */
function serving(
  ...tensors: { name: string; datatype: Datatype; shape: number[] }[]
): ServedVersion {
  const metadata = { name: "m", inputs: tensors, outputs: tensors };
  return { metadata, version: "1" } as unknown as ServedVersion;
}

const scalar = (datatype: Datatype) => serving({ name: "x", datatype, shape: [-1] });
const read = (datatype: Datatype, element: string) =>
  parseInstances(Buffer.from(`{"instances":[${element}]}`), scalar(datatype), 10)[0]!.data[0];

describe("datatypes in JSON", () => {
  const limits: [datatype: Datatype, least: string, most: string, below: string, above: string][] =
    [
      ["UINT8", "0", "255", "-1", "256"],
      ["UINT16", "0", "65535", "-1", "65536"],
      ["UINT32", "0", "4294967295", "-1", "4294967296"],
      ["UINT64", "0", "18446744073709551615", "-1", "18446744073709551616"],
      ["INT8", "-128", "127", "-129", "128"],
      ["INT16", "-32768", "32767", "-32769", "32768"],
      ["INT32", "-2147483648", "2147483647", "-2147483649", "2147483648"],
      [
        "INT64",
        "-9223372036854775808",
        "9223372036854775807",
        "-9223372036854775809",
        "9223372036854775808",
      ],
    ];
  for (const [datatype, least, most, below, above] of limits)
    it(`${datatype}: whole numbers from ${least} to ${most}`, () => {
      for (const element of [least, most, "0", "100", "1e2", "1.0"])
        assert.equal(Number(read(datatype, element)), Number(element));
      assert.equal(String(read(datatype, least)), least);
      assert.equal(String(read(datatype, most)), most);
      for (const element of [below, above, "0.5", '"1"', "true", "null", "[1]", "1e300", "-1e300"])
        assert.throws(
          () => read(datatype, element),
          { status: 400, field: "instances[0]" },
          element,
        );
    });

  it("FP32 and FP64: finite numbers that they hold, without rounding up to infinity", () => {
    assert.equal(read("FP32", "3.4028234663852886e38"), 3.4028234663852886e38);
    assert.equal(read("FP64", "1.7976931348623157e308"), Number.MAX_VALUE);
    assert.equal(read("FP32", "1e-50"), 0);
    for (const element of ["3.4028235e38", "-1e39", "1e999", '"1"', "null", "true"])
      assert.throws(() => read("FP32", element), { status: 400 }, element);
    for (const element of ["1e309", "-1e309", '"1"', "null"])
      assert.throws(() => read("FP64", element), { status: 400 }, element);
  });

  it("BOOL: true and false, nothing else", () => {
    assert.deepEqual([read("BOOL", "true"), read("BOOL", "false")], [1, 0]);
    for (const element of ["1", "0", '"true"', "null"])
      assert.throws(() => read("BOOL", element), { status: 400 }, element);
  });

  it("BYTES: text, or its UTF-8 in base64 of either alphabet", () => {
    const text = "grün?>~ÿ\u{10FFFF}";
    const bytes = Buffer.from(text);
    assert.equal(read("BYTES", JSON.stringify(text)), text);
    for (const encoding of ["base64", "base64url"] as const)
      assert.equal(read("BYTES", JSON.stringify({ b64: bytes.toString(encoding) })), text);
    assert.equal(read("BYTES", '{"b64":""}'), "");
    for (const element of [
      "1",
      '{"b64":1}',
      '{"b64":"YQ==","c":1}',
      '{"b64":"Y"}',
      '{"b64":"YQ==="}',
      '{"b64":"Y Q="}',
      '{"b64":"gA=="}',
    ])
      assert.throws(() => read("BYTES", element), { status: 400 }, element);
  });

  it("an output whose name ends with _bytes goes out in base64 over TensorFlow Serving's API", () => {
    const tensor: Tensor = { name: "image_bytes", datatype: "BYTES", shape: [1], data: ["grün"] };
    const b64 = Buffer.from("grün").toString("base64");
    assert.equal(renderPredict([tensor], "row"), `{"predictions":[{"b64":"${b64}"}]}`);
    assert.equal(renderPredict([{ ...tensor, name: "text" }], "row"), '{"predictions":["grün"]}');
  });
});

const finite: Partial<Record<Datatype, fc.Arbitrary<unknown>>> = {
  FP32: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  FP64: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  BYTES: fc.string({ unit: "binary" }),
  BOOL: fc.integer({ min: 0, max: 1 }),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
};

function elementOf(datatype: Datatype): fc.Arbitrary<unknown> {
  const found = finite[datatype];
  if (found !== undefined) return found;
  const bits = 8 * DATATYPES[datatype].bytes!;
  const unsigned = datatype.startsWith("U");
  const limit = 2 ** (unsigned ? bits : bits - 1);
  return fc.integer({ min: unsigned ? 0 : -limit, max: limit - 1 });
}

const tensorOf = (name: string, rows: number): fc.Arbitrary<Tensor> =>
  fc
    .record({
      datatype: fc.constantFrom(...(Object.keys(DATATYPES) as Datatype[])),
      inner: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    })
    .chain(({ datatype, inner }) => {
      const elements = rows * inner.reduce((product, size) => product * size, 1);
      const values = fc.array(elementOf(datatype), { minLength: elements, maxLength: elements });
      return values.map((own) => ({
        name,
        datatype,
        shape: [rows, ...inner],
        data: (DATATYPES[datatype].array as unknown as ArrayConstructor).from(own) as never,
      }));
    });

const tensors = fc
  .record({ rows: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 3 }) })
  .chain(({ rows, count }) =>
    fc.tuple(...Array.from({ length: count }, (_, i) => tensorOf(`t${i}`, rows))),
  );

/** What is written by a protocol is read by it to the same tensors: every element, every shape. */
describe("what a codec writes, it reads", () => {
  const served = (own: readonly Tensor[], open: boolean) =>
    serving(
      ...own.map(({ name, datatype, shape }) => ({
        name,
        datatype,
        shape: shape.map((size, i) => (i === 0 || open ? -1 : size)),
      })),
    );
  const roundTrips = (trip: (own: readonly Tensor[], model: ServedVersion) => readonly Tensor[]) =>
    fc.assert(
      fc.property(tensors, fc.boolean(), (own, open) => {
        assert.deepEqual(trip(own, served(own, open)), own);
      }),
      { numRuns: 300 },
    );

  it("plain, outputs by name as inputs by name", () =>
    roundTrips((own, model) => {
      fc.pre(own.length > 1);
      const text = renderPredictions(model, own);
      const rows = text.slice(text.indexOf("["), -1);
      return parseInstances(Buffer.from(`{"instances":${rows}}`), model, 10);
    }));

  it("TensorFlow Serving, row by row", () =>
    roundTrips((own, model) => {
      const text = renderPredict(own, "row").replace('"predictions"', '"instances"');
      return parsePredict(Buffer.from(text), model, 10).tensors;
    }));

  it("TensorFlow Serving, as columns", () =>
    roundTrips((own, model) => {
      const text = renderPredict(own, "column").replace('"outputs"', '"inputs"');
      return parsePredict(Buffer.from(text), model, 10).tensors;
    }));

  for (const binary of [false, true])
    it(`Open Inference Protocol, ${binary ? "binary" : "JSON"}`, () =>
      roundTrips((own, model) => {
        const outputs = own.map((_, index) => ({ index, binary }));
        const { body, jsonLength } = renderInfer(
          model,
          { id: undefined, tensors: own, outputs },
          own,
        );
        const bytes = Buffer.from(body as string);
        const head = bytes.subarray(0, jsonLength).toString().replace('"outputs"', '"inputs"');
        const length = binary ? String(Buffer.byteLength(head)) : undefined;
        const request = Buffer.concat([
          Buffer.from(head),
          bytes.subarray(jsonLength ?? bytes.length),
        ]);
        return parseInfer(request, length, model, 10).tensors;
      }));
});
