import assert from "node:assert/strict";
import {
  equal,
  fromStruct,
  hasSecret,
  hasUnknown,
  Secret,
  strip,
  toStruct,
  Unknown,
  type PropertyMap,
} from "../../../../../local/providers/rpc/properties";

const signature = "4dabf18193072939515e22adb298388d";

describe("property values on the wire", () => {
  it("travel there and back", () => {
    const value: PropertyMap = {
      text: "a",
      number: 1.5,
      yes: true,
      list: [1, "two", { three: [] }],
      empty: {},
      secret: new Secret({ password: "x", list: [new Unknown()] }),
      unknown: new Unknown(),
    };
    assert.deepEqual(fromStruct(toStruct(value)), value);
  });

  it("are written as the engine writes them", () => {
    const struct = toStruct({ secret: new Secret("x"), unknown: new Unknown() }).toJavaScript();
    assert.deepEqual(struct, {
      secret: { [signature]: "1b47061264138c4ac30d75fd1eb44270", value: "x" },
      unknown: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    });
  });

  it("keep the kind of an unknown", () => {
    const unknownObject = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff";
    const value = fromStruct(toStruct({ a: new Unknown(unknownObject) }));
    assert.deepEqual(toStruct(value).toJavaScript(), { a: unknownObject });
  });

  it("lose nulls in objects, not in lists", () => {
    assert.deepEqual(fromStruct(toStruct({ a: null, b: [null] })), { b: [null] });
  });

  it("read an output as its value, secret or not known", () => {
    const output = (more: PropertyMap): PropertyMap => ({
      [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
      ...more,
    });
    const value = fromStruct(
      toStruct({
        known: output({ value: 1 }),
        secret: output({ value: 1, secret: true }),
        not: output({}),
      }),
    );
    assert.deepEqual(value, { known: 1, secret: new Secret(1), not: new Unknown() });
  });
});

describe("property values", () => {
  const value: PropertyMap = { a: [new Secret({ b: new Unknown() })] };

  it("are searched at every depth", () => {
    assert.deepEqual([hasSecret(value), hasUnknown(value)], [true, true]);
    assert.deepEqual([hasSecret({ a: [1] }), hasUnknown({ a: [1] })], [false, false]);
  });

  it("are stripped of secret marks at every depth", () => {
    assert.deepEqual(strip(value), { a: [{ b: new Unknown() }] });
  });

  it("are equal whatever the order of keys, and only with the same marks", () => {
    assert.ok(equal({ a: 1, b: [2] }, { b: [2], a: 1 }));
    assert.ok(!equal({ a: [1, 2] }, { a: [2, 1] }));
    assert.ok(!equal({ a: 1 }, { a: 1, b: 2 }));
    assert.ok(!equal(new Secret(1), 1));
    assert.ok(equal(new Secret({ a: 1 }), new Secret({ a: 1 })));
  });
});
