import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..", "..", "..");
const SDK = path.join(ROOT, "sdks", "ibm");

/** What the generator writes; all else in the folder is by hand. */
const GENERATED = /^(?:package\.json|(?:config\/|types\/)?\w+\.ts)$/;

interface Schema {
  name: string;
  version: string;
  parameterization: {
    baseProvider: { name: string; version: string };
    parameter: string;
  };
  resources: Record<string, ResourceSchema>;
  functions: Record<string, unknown>;
}

interface ResourceSchema {
  properties: Record<string, unknown>;
  inputProperties: Record<string, unknown>;
  requiredInputs: string[];
}

const json = (file: string) => JSON.parse(fs.readFileSync(path.join(SDK, file), "utf8")) as unknown;
const schema = json("schema.json") as Schema;
const { parameterization } = schema;
const parameter = JSON.parse(Buffer.from(parameterization.parameter, "base64").toString()) as {
  remote: { url: string; version: string };
  includes: string[];
};

/** `ibm:index/isVpc:IsVpc` → `ibm_is_vpc` */
const terraformName = (token: string) =>
  `ibm${(token.split(":").at(-1) ?? "").replace(/^get/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;

describe("sdks/ibm", () => {
  it("includes what the schema has, and nothing else", () => {
    const tokens = [...Object.keys(schema.resources), ...Object.keys(schema.functions)];
    assert.deepEqual([...parameter.includes].sort(), tokens.map(terraformName).sort());
    assert.deepEqual(parameter.remote, {
      url: "registry.opentofu.org/ibm-cloud/ibm",
      version: schema.version,
    });
  });

  it("tells Pulumi which plugin to take, and what for", () => {
    const { pulumi } = json("package.json") as { pulumi: unknown };
    assert.deepEqual(pulumi, {
      resource: true,
      ...parameterization.baseProvider,
      parameterization: {
        name: schema.name,
        version: schema.version,
        value: parameterization.parameter,
      },
    });
  });

  it("has every input among the outputs, and each required input", () => {
    for (const [token, resource] of Object.entries(schema.resources)) {
      const inputs = Object.keys(resource.inputProperties);
      for (const input of inputs) assert.ok(input in resource.properties, `${token} ${input}`);
      for (const input of resource.requiredInputs) assert.ok(inputs.includes(input), token);
    }
  });

  it("is what its generator makes of the schema", function () {
    this.timeout(300_000);
    // A unit test downloads nothing.
    const env = { ...process.env, GOPROXY: "off", GOTOOLCHAIN: "local" };
    const go = (...args: string[]) =>
      spawnSync("go", ["-C", path.join(SDK, "generator"), ...args], { encoding: "utf8", env });
    const modules = go("list", "-deps", ".");
    if (modules.status !== 0) {
      const why =
        modules.error === undefined ? "its modules are not in Go's cache" : "there is no Go";
      console.log(`      skipped: ${why}; npm run sdk:ibm, then git diff, says the same`);
      this.skip();
    }
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sdk-ibm-"));
    try {
      const { status, stderr } = go("run", ".", "../schema.json", folder);
      assert.equal(status, 0, stderr);
      assert.deepEqual(generatedFiles(SDK), generatedFiles(folder));
      for (const file of generatedFiles(folder))
        assert.equal(
          fs.readFileSync(path.join(SDK, file), "utf8"),
          fs.readFileSync(path.join(folder, file), "utf8"),
          `${file}: npm run sdk:ibm`,
        );
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

const generatedFiles = (folder: string) =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => GENERATED.test(file))
    .sort();
