import assert from "node:assert/strict";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { parseConfig } from "../../../infra/config";
import { SECTIONS } from "../../../infra/config/faults";
import { TARGET_NAMES } from "../../../infra/config/schema";
import { ConfigError } from "../../../infra/errors";
import { modelNames } from "../../../infra/models";

const ROOT = path.join(__dirname, "..", "..", "..");

/** Of a stack on a cluster that exists, which there is no committed one of. */
const SAMPLE = "docs/targets/Pulumi.existing.yaml";

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

  it("has a stack for each platform, and a sample of one on a cluster that exists", () => {
    const targets = files
      .sort()
      .map((file) => (read(file) as StackFile).config["modelport:target"]);
    assert.deepEqual(files, [
      "Pulumi.dev.yaml",
      "Pulumi.iks.yaml",
      "Pulumi.local.yaml",
      "Pulumi.openshift.yaml",
      "Pulumi.prod.yaml",
    ]);
    const sample = read(SAMPLE) as StackFile;
    assert.deepEqual(
      new Set([...targets, sample.config["modelport:target"]]),
      new Set(TARGET_NAMES),
    );
  });

  for (const file of ["Pulumi.local.yaml", "Pulumi.dev.yaml"])
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

  for (const [file, target] of [
    ["Pulumi.local.yaml", "embedded"],
    ["Pulumi.dev.yaml", "minikube"],
  ] as const)
    it(`${file} is complete`, () => assert.equal(parseStack(file).target, target));

  for (const [file, keys] of [
    ["Pulumi.prod.yaml", ["modelport:gke.project"]],
    ["Pulumi.iks.yaml", ["modelport:iks.registryNamespace"]],
    ["Pulumi.openshift.yaml", ["modelport:openshift.registryNamespace"]],
    [SAMPLE, ["modelport:existing.context", "modelport:existing.registry.server"]],
  ] as const)
    it(`${file} says what has to be filled in, and nothing else is wrong with it`, () => {
      assert.throws(
        () => parseStack(file),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.deepEqual(error.faults.map(({ key }) => key).sort(), keys);
          return error.faults.every(({ got }) => got.startsWith("the placeholder <"));
        },
      );
    });

  for (const file of [...files, SAMPLE])
    it(`${file} tells editors of the schema`, () => {
      const [first = ""] = fs.readFileSync(path.join(ROOT, file), "utf8").split("\n");
      const schema = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1];
      assert.ok(schema !== undefined, first);
      assert.ok(fs.existsSync(path.join(ROOT, path.dirname(file), schema)), schema);
    });
});
