import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fromJSON, loadSync } from "@grpc/proto-loader";
import { format, resolveConfig } from "prettier";
import { parse, Root, type INamespace } from "protobufjs";

const folder = "app/server/transports/grpc";
const protos = [`${folder}/inference.proto`, `${folder}/health.proto`];
const file = `${folder}/descriptor.json`;

describe("descriptor.json", () => {
  it("is what the .proto files say", async () => {
    const root = new Root();
    for (const proto of protos) parse(readFileSync(proto, "utf8"), root, { keepCase: true });
    const text = await format(JSON.stringify(root.toJSON()), {
      ...(await resolveConfig(file)),
      parser: "json",
    });
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("means the same to another reader", () => {
    const types = (definitions: ReturnType<typeof fromJSON>): unknown =>
      Object.fromEntries(
        Object.entries(definitions).map(([name, definition]) => [
          name,
          "type" in definition ? definition.type : Object.keys(definition).sort(),
        ]),
      );
    const json = JSON.parse(readFileSync(file, "utf8")) as INamespace;
    const got = types(fromJSON(json, { keepCase: true }));
    assert.deepEqual(got, types(loadSync(protos, { keepCase: true })));
  });
});
