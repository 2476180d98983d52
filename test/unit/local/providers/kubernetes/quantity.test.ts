import assert from "node:assert/strict";
import { canonicalQuantity } from "../../../../../local/providers/kubernetes/quantity";

describe("a resource quantity", () => {
  // Values as `kubectl create --dry-run=server` prints them.
  const cases: [string, string][] = [
    ["1", "1"],
    ["0", "0"],
    ["0Mi", "0"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["0.5", "500m"],
    ["0.01", "10m"],
    [".5", "500m"],
    ["1.", "1"],
    ["1024Mi", "1Gi"],
    ["0.5Gi", "512Mi"],
    ["1.5Gi", "1536Mi"],
    ["512", "512"],
    ["1024", "1024"],
    ["0.5Ki", "512"],
    ["1000", "1k"],
    ["1000k", "1M"],
    ["128M", "128M"],
    ["1e3", "1e3"],
    ["1000e3", "1e6"],
    ["100u", "100u"],
    ["1n", "1n"],
    ["0.1n", "1n"],
    ["-1000m", "-1"],
    ["2E", "2E"],
  ];
  for (const [given, canonical] of cases)
    it(`${given} is written ${canonical}`, () => {
      assert.equal(canonicalQuantity(given), canonical);
    });

  it("stays as it is when it is none", () => {
    for (const text of ["", "lots", "1 Gi", "Mi"]) assert.equal(canonicalQuantity(text), text);
  });
});
