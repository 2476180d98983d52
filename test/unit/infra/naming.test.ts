import assert from "node:assert/strict";
import { MAX_NAME_LENGTH, NAME_PATTERN, physicalName } from "../../../infra/naming";
import { isByteQuantity, isCpuQuantity, mebibytes, milliCores } from "../../../infra/units";

/** Small and the same each time: a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const ALPHABET = Array.from("abcxyz0189-_./ÄßA Ω😀");

function randomParts(next: () => number): string[] {
  const pick = () => ALPHABET[Math.floor(next() * ALPHABET.length)]!;
  return Array.from({ length: 1 + Math.floor(next() * 3) }, () =>
    Array.from({ length: Math.floor(next() * 40) }, pick).join(""),
  );
}

describe("physical names", () => {
  it("leaves what is valid already", () => {
    assert.equal(physicalName(["modelport", "local"]), "modelport-local");
  });

  it("are valid in Kubernetes, GCP and IBM Cloud, whatever they are made of", () => {
    const next = random(7);
    for (let i = 0; i < 5000; i++) {
      const parts = randomParts(next);
      const name = physicalName(parts);
      assert.match(name, NAME_PATTERN, JSON.stringify(parts));
      assert.ok(name.length <= MAX_NAME_LENGTH, JSON.stringify(parts));
      assert.equal(physicalName(parts), name, "the same parts give the same name");
    }
  });

  it("differ where the parts differ in what had to be altered", () => {
    const seen = new Map<string, string>();
    const next = random(11);
    for (let i = 0; i < 5000; i++) {
      const parts = randomParts(next);
      const name = physicalName(parts);
      const key = parts.join("-");
      if (key === name) continue;
      assert.equal(seen.get(name) ?? JSON.stringify(parts), JSON.stringify(parts), name);
      seen.set(name, JSON.stringify(parts));
    }
    assert.ok(seen.size > 4000);
  });

  it("end in a hash when shortened, and keep their beginning", () => {
    const name = physicalName(["modelport", "x".repeat(80)]);
    assert.match(name, /^modelport-x+-[0-9a-f]{8}$/);
    assert.equal(name.length, 63);
    assert.match(physicalName(["a".repeat(50)], 30), /^a{21}-[0-9a-f]{8}$/);
  });

  it("never let a plain name pass for a shortened one", () => {
    const shortened = physicalName(["modelport", "x".repeat(80)]);
    assert.notEqual(physicalName([shortened]), shortened);
  });
});

describe("units", () => {
  it("tells quantities from other text", () => {
    for (const good of ["1", "2", "0.5", "250m", "1.125"]) assert.ok(isCpuQuantity(good), good);
    for (const bad of ["", "0", "-1", "1e3", "250M", "1 m", "0m"])
      assert.ok(!isCpuQuantity(bad), bad);
    for (const good of ["1Mi", "256Mi", "2Gi"]) assert.ok(isByteQuantity(good), good);
    for (const bad of ["256", "256MB", "0Mi", "1.5Gi", "Mi"]) assert.ok(!isByteQuantity(bad), bad);
  });

  it("converts them", () => {
    assert.deepEqual(
      ["250m", "2", "0.5"].map((cpu) => milliCores(cpu as "2")),
      [250, 2000, 500],
    );
    assert.deepEqual(
      ["256Mi", "4Gi"].map((bytes) => mebibytes(bytes as "4Gi")),
      [256, 4096],
    );
  });
});
