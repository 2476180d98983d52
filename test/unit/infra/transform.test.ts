import assert from "node:assert/strict";
import * as fc from "fast-check";
import * as pulumi from "@pulumi/pulumi";
import { mergePatch, transformByKind } from "../../../infra/transform";

describe("JSON merge patch", () => {
  /** RFC 7396, appendix A: original, patch, result. */
  const table: [unknown, unknown, unknown][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [original, patch, result] of table)
    it(`${JSON.stringify(original)} + ${JSON.stringify(patch)}`, () => {
      const before = structuredClone(original);
      assert.deepEqual(mergePatch(original, patch), result);
      assert.deepEqual(original, before, "the original stays");
    });

  it("does nothing more when it is done again, and nothing at all when it is empty", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (original, patch) => {
        const once = mergePatch(original, patch);
        assert.deepEqual(mergePatch(once, patch), once);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (original) => {
        assert.deepEqual(mergePatch(original, {}), { ...original });
      }),
    );
  });

  it("keeps what is known later only", () => {
    const image = pulumi.output("a");
    assert.deepEqual(mergePatch({ spec: { image, port: 1 } }, { spec: { port: 2 } }), {
      spec: { image, port: 2 },
    });
    assert.deepEqual(mergePatch({ image }, { image: { a: 1 } }), { image: { a: 1 } });
  });
});

describe("transform", () => {
  const opts = {};
  const apply = transformByKind({ Deployment: { spec: { minReadySeconds: 10 } } });
  const call = (type: string) =>
    apply({
      type,
      name: "iris",
      props: { spec: { replicas: 2 } },
      opts,
      resource: undefined as never,
    });

  it("patches the kind it names", () =>
    assert.deepEqual(call("kubernetes:apps/v1:Deployment"), {
      props: { spec: { replicas: 2, minReadySeconds: 10 } },
      opts,
    }));

  it("leaves every other object, and what is not Kubernetes'", () => {
    assert.equal(call("kubernetes:core/v1:Service"), undefined);
    assert.equal(call("other:apps/v1:Deployment"), undefined);
  });
});
