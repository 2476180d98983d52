import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { billFile } from "../../../infra/components/bill-file";
import { readModel } from "../../../infra/models";

const ROOT = path.join(__dirname, "..", "..", "..");

describe("a service's bill of materials", () => {
  const stack = `bill-${process.pid}`;
  const folder = path.join(ROOT, ".modelport", "contexts", stack);
  before(() => {
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("is made once, and again when the models or the base image change", async () => {
    const models = [readModel(ROOT, "iris")];
    const file = await billFile(ROOT, stack, "iris", { models });
    const { ino } = fs.statSync(file);
    assert.equal(await billFile(ROOT, stack, "iris", { models }), file);
    assert.equal(fs.statSync(file).ino, ino, "written anew");
    await billFile(ROOT, stack, "iris", { models: [...models, readModel(ROOT, "spam")] });
    assert.match(fs.readFileSync(file, "utf8"), /models\/spam\/1\/vectorizer\.json/);
    await billFile(ROOT, stack, "iris", { models, baseImage: "registry.example.com/node:24.1.2" });
    assert.match(fs.readFileSync(file, "utf8"), /registry\.example\.com\/node/);
  });
});
