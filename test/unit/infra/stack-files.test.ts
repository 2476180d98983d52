import assert from "node:assert/strict";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { parseConfig } from "../../../infra/config";
import { SECTIONS } from "../../../infra/config-faults";
import { ConfigError } from "../../../infra/errors";
import { modelNames } from "../../../infra/models";

const ROOT = path.join(__dirname, "..", "..", "..");

interface StackFile {
  encryptionsalt?: string;
  config: Record<string, unknown>;
}

const read = (file: string) => parse(fs.readFileSync(path.join(ROOT, file), "utf8")) as unknown;
const project = read("Pulumi.yaml") as {
  main: string;
  plugins?: unknown;
  config: Record<string, { type: string; description: string; default?: unknown }>;
};
const files = fs.readdirSync(ROOT).filter((file) => /^Pulumi\..+\.yaml$/.test(file));

function parseStack(file: string) {
  const { config } = read(file) as StackFile;
  const values: Record<string, string> = {};
  for (const [key, { default: value }] of Object.entries(project.config))
    if (value !== undefined) values[`modelport:${key}`] = JSON.stringify(value);
  for (const [key, value] of Object.entries(config))
    values[key] = typeof value === "string" ? value : JSON.stringify(value);
  return parseConfig({ stack: file, values, secretKeys: [], models: modelNames(ROOT) });
}

describe("Pulumi.yaml and the stacks' files", () => {
  it("declares exactly the keys that the program reads, each with type and description", () => {
    assert.deepEqual(Object.keys(project.config).sort(), [...SECTIONS].sort());
    for (const [key, declared] of Object.entries(project.config)) {
      assert.ok(declared.description.length > 20, key);
      assert.match(declared.type, /^(?:string|object)$/, key);
      // The engine refuses a stack that lacks a key without default: only the target is asked of everybody.
      assert.equal("default" in declared, key !== "target", key);
    }
  });

  it("runs plain JavaScript and commits no plugins", () => {
    assert.ok(fs.existsSync(path.join(ROOT, project.main)));
    assert.equal(project.plugins, undefined);
  });

  it("has the stacks local, dev and prod", () => {
    assert.deepEqual(files.sort(), ["Pulumi.dev.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml"]);
  });

  for (const [file, target] of [
    ["Pulumi.local.yaml", "embedded"],
    ["Pulumi.dev.yaml", "minikube"],
  ] as const) {
    it(`${file} is complete`, () => assert.equal(parseStack(file).target, target));

    it(`${file} holds the salt of the public passphrase, so that no run writes one`, () => {
      const { encryptionsalt } = read(file) as StackFile;
      const [, salt, , nonce, sealed] = encryptionsalt!.split(":");
      const key = pbkdf2Sync(
        "modelport-local",
        Buffer.from(salt!, "base64"),
        1_000_000,
        32,
        "sha256",
      );
      const bytes = Buffer.from(sealed!, "base64");
      const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce!, "base64"));
      cipher.setAuthTag(bytes.subarray(-16));
      const opened = Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]);
      assert.equal(opened.toString(), "pulumi");
    });
  }

  it("Pulumi.prod.yaml says what has to be filled in, and nothing else is wrong with it", () => {
    assert.throws(
      () => parseStack("Pulumi.prod.yaml"),
      (error) =>
        error instanceof ConfigError &&
        error.faults.length > 0 &&
        error.faults.every(({ got }) => got.startsWith("the placeholder <")),
    );
  });
});
