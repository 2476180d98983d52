import assert from "node:assert/strict";
import {
  compare,
  containsPath,
  formatPath,
  parsePath,
  prune,
} from "../../../../../local/providers/kubernetes/diff";
import type { PlainObject } from "../../../../../local/providers/rpc/properties";

const kinds = (old: PlainObject, next: PlainObject, forceNew: string[] = []) =>
  Object.fromEntries(
    [...compare(old, next, forceNew)].map(([path, { kind, replaces }]) => [
      path,
      replaces ? `${kind}, replaces` : kind,
    ]),
  );

describe("pruning", () => {
  it("keeps what the model has, element by element", () => {
    const live = { a: 1, b: { c: 1, d: 2 }, list: [{ x: 1, y: 2 }, { x: 3 }] };
    assert.deepEqual(prune(live, { b: { c: 0 }, list: [{ x: 0 }] }), {
      b: { c: 1 },
      list: [{ x: 1 }],
    });
  });

  it("keeps the live value where its type is another", () => {
    assert.deepEqual(prune({ a: { b: 1 } }, { a: "text" }), { a: { b: 1 } });
  });
});

describe("comparing", () => {
  it("names the smallest part that differs", () => {
    assert.deepEqual(
      kinds({ a: { b: 1, c: 2 }, l: [1, 2] }, { a: { b: 2, d: { e: 1 } }, l: [1, 3, 4] }),
      { "a.b": "update", "a.c": "delete", "a.d": "add", "l[1]": "update", "l[2]": "add" },
    );
  });

  it("replaces where an immutable field is, lies above or lies below the change", () => {
    const forceNew = [".spec.selector", ".spec.containers[*].image"];
    assert.deepEqual(
      kinds({ spec: { selector: { a: 1 } } }, { spec: { selector: { a: 2 } } }, forceNew),
      {
        "spec.selector.a": "update, replaces",
      },
    );
    assert.deepEqual(kinds({}, { spec: { selector: {} } }, forceNew), { spec: "add, replaces" });
    const containers = (image: string, name: string) => ({
      spec: { containers: [{ image, name }] },
    });
    assert.deepEqual(kinds(containers("a", "x"), containers("b", "y"), forceNew), {
      "spec.containers[0].image": "update, replaces",
      "spec.containers[0].name": "update",
    });
    assert.deepEqual(kinds({ spec: {} }, containers("a", "x"), forceNew), {
      "spec.containers": "add, replaces",
    });
  });

  it("does not replace for a field of a similar name", () => {
    assert.deepEqual(
      kinds({ spec: { selectors: 1 } }, { spec: { selectors: 2 } }, [".spec.selector"]),
      {
        "spec.selectors": "update",
      },
    );
  });
});

describe("property paths", () => {
  const paths: [string, (string | number)[]][] = [
    ["a.b", ["a", "b"]],
    ["a[0].b", ["a", 0, "b"]],
    ['metadata.labels["app.kubernetes.io/name"]', ["metadata", "labels", "app.kubernetes.io/name"]],
    ['a["say \\"hi\\""]', ["a", 'say "hi"']],
  ];
  for (const [text, path] of paths)
    it(`reads and writes ${text}`, () => {
      assert.deepEqual(parsePath(text), path);
      assert.equal(formatPath(path), text);
    });

  it("contain what lies within them", () => {
    assert.ok(containsPath(parsePath("spec"), parsePath("spec.replicas")));
    assert.ok(containsPath(parsePath("a[*].b"), parsePath("a[3].b.c")));
    assert.ok(!containsPath(parsePath("spec.replicas"), parsePath("spec")));
  });
});
