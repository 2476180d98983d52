import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { Ajv, type AnySchema } from "ajv";
import { buildSync } from "esbuild";
import { billOfMaterials, defaultBaseImage } from "../../../infra/components/bill-of-materials";
import { bundleOptions } from "../../../local/build";
import { modelNames, readModel } from "../../../infra/models";

const ROOT = path.join(__dirname, "..", "..", "..");
const SCHEMAS = path.join(ROOT, "node_modules/@cyclonedx/cyclonedx-library/res/schema");

const READABLE = { minifyWhitespace: false, minifySyntax: false, sourcemap: false } as const;

interface Component {
  type: string;
  group?: string;
  name: string;
  version?: string;
  purl?: string;
  licenses?: unknown[];
  hashes?: { alg: string; content: string }[];
  components?: Component[];
  externalReferences?: { hashes: { content: string }[] }[];
}

interface Bill {
  serialNumber?: string;
  metadata: { timestamp?: string };
  components: Component[];
}

describe("the image's bill of materials", () => {
  const models = () => modelNames(ROOT).map((name) => readModel(ROOT, name));
  const bill = async () =>
    JSON.parse(await billOfMaterials({ root: ROOT, models: models() })) as Bill;
  const read = (file: string) => JSON.parse(fs.readFileSync(file, "utf8")) as AnySchema;

  before(() => {
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });
  afterEach(() => Reflect.deleteProperty(process.env, "SOURCE_DATE_EPOCH"));

  it("is valid CycloneDX 1.6", async () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    for (const name of ["spdx", "jsf-0.82", "cryptography-defs"]) {
      const file = `${name}.SNAPSHOT.schema.json`;
      ajv.addSchema(read(path.join(SCHEMAS, file)), `http://cyclonedx.org/schema/${file}`);
    }
    const validate = ajv.compile(read(path.join(SCHEMAS, "bom-1.6.SNAPSHOT.schema.json")));
    assert.ok(validate(await bill()), JSON.stringify(validate.errors, undefined, 2));
    assert.equal(validate({ bomFormat: "CycloneDX" }), false, "the schema refuses what is none");
  });

  it("names every package whose code is in the server's files, and no other", async () => {
    const bundles = fs
      .readdirSync(path.join(ROOT, "dist"))
      .flatMap((file) => /^(server.*)\.js$/.exec(file)?.[1] ?? []);
    assert.ok(bundles.includes("server") && bundles.length >= 2, bundles.join());
    // Where it may be long, esbuild writes each module's file above its code.
    const folders = bundles.flatMap((name) => {
      const { outputFiles } = buildSync({ ...bundleOptions(name), ...READABLE });
      return outputFiles.flatMap(({ text }) =>
        Array.from(
          text.matchAll(
            /^(?:\/\/ |\s+")\S*?(node_modules\/(?:\S*\/node_modules\/)?(?:@[^/\s]+\/)?[^/\s]+)\//gm,
          ),
          ([, folder]) => folder!,
        ),
      );
    });
    folders.push("node_modules/onnxruntime-node", "node_modules/onnxruntime-common");
    const wanted = [...new Set(folders)].map((folder) => {
      const { name, version } = read(path.join(ROOT, folder, "package.json")) as {
        name: string;
        version: string;
      };
      return `pkg:npm/${name.replace("@", "%40")}@${version}`;
    });
    const libraries = (await bill()).components.filter(({ type }) => type === "library");
    assert.deepEqual(libraries.map(({ purl }) => purl).sort(), [...new Set(wanted)].sort());
    assert.ok(libraries.length > 20);
    for (const { name, licenses, externalReferences } of libraries) {
      assert.equal(licenses?.length, 1, `${name} has a licence`);
      assert.match(externalReferences?.[0]?.hashes[0]?.content ?? "", /^[0-9a-f]{128}$/, name);
    }
  });

  it("names each model's files with their checksums", async () => {
    const { components } = await bill();
    const found = components
      .filter(({ type }) => type === "machine-learning-model")
      .flatMap(({ name, version, components: files }) =>
        (files ?? []).map(({ name: file, hashes }) => [name, version, file, hashes?.[0]?.content]),
      );
    const wanted = models().flatMap(({ name, versions }) =>
      versions.flatMap(({ version, files }) =>
        Object.entries(files).map(([file, sha256]) => [
          name,
          version,
          `models/${name}/${version}/${file}`,
          sha256,
        ]),
      ),
    );
    assert.deepEqual(found.sort(), wanted.sort());
    assert.ok(wanted.length >= 4);
  });

  it("names the base image by its digest, and Node", async () => {
    const { components } = await bill();
    const base = components.find(({ type }) => type === "container");
    assert.ok(defaultBaseImage(ROOT).endsWith(`@sha256:${base?.hashes?.[0]?.content ?? ""}`));
    assert.equal(components.find(({ type }) => type === "platform")?.version, "24");
    const embedded = JSON.parse(
      await billOfMaterials({
        root: ROOT,
        models: [],
        baseImage: "localhost:15000/x/node:24.21.0-a1",
      }),
    ) as Bill;
    assert.equal(embedded.components.find(({ name }) => name === "node")?.version, "24.21.0");
  });

  it("is the same each time, and has a time only when it is given one", async () => {
    const first = await billOfMaterials({ root: ROOT, models: models() });
    assert.equal(await billOfMaterials({ root: ROOT, models: models() }), first);
    assert.equal((JSON.parse(first) as Bill).metadata.timestamp, undefined);
    assert.equal((JSON.parse(first) as Bill).serialNumber, undefined);
    process.env["SOURCE_DATE_EPOCH"] = "1700000000";
    assert.equal((await bill()).metadata.timestamp, "2023-11-14T22:13:20.000Z");
  });
});
