import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { externalTensor } from "../../../../app/server/models/external-data";
import { external, scaling } from "../support/graphs";
import { shippedModels } from "../support/models";

describe("external data", () => {
  it("is found by its tensor's name, wherever its file is said to be", () => {
    for (const location of ["weights.bin", "/etc/passwd", "../../secret", ""])
      assert.equal(externalTensor(external(location).onnx), "factor");
  });

  it("is found in the graphs inside a graph's nodes", () => {
    const field = (number: number, content: Uint8Array) =>
      Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
    const tensor = Buffer.concat([field(8, Buffer.from("w")), field(13, Buffer.from("x"))]);
    const [graph, initializer, node, attribute, innerGraph, constant] = [7, 5, 1, 5, 6, 5];
    const inner = field(innerGraph, field(initializer, tensor));
    assert.equal(externalTensor(field(graph, field(node, field(attribute, inner)))), "w");
    const value = field(constant, tensor);
    assert.equal(externalTensor(field(graph, field(node, field(attribute, value)))), "w");
  });

  it("is not seen where there is none, and not in what is no model", () => {
    assert.equal(externalTensor(scaling(1).onnx), undefined);
    for (const model of ["iris", "spam", "and-gate"])
      assert.equal(
        externalTensor(readFileSync(`${shippedModels}/${model}/1/model.onnx`)),
        undefined,
      );
    const { onnx } = external("weights.bin");
    for (let length = 0; length < 40; length++) externalTensor(onnx.subarray(0, length));
    for (let byte = 0; byte < 256; byte++) externalTensor(Buffer.alloc(64, byte));
  });
});
