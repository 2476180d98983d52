import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { TARGET_NAMES } from "../../../infra/config/schema";
import { POSSIBLE_EXPOSURES } from "../../../infra/config/check-target";
import { RESOURCES } from "../../../infra/offline/providers";
import { renderVariant, VARIANTS } from "../../manifests/variants";

const STACK = "pulumi:pulumi:Stack";
const GOLDEN = path.join(__dirname, "golden");
const ROOT = path.join(__dirname, "..", "..", "..");

describe("manifests of every target and exposure", function () {
  this.timeout(300_000);
  before(() => {
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });

  it("are there, for each exposure that a target can do", () => {
    for (const target of TARGET_NAMES) {
      const own = VARIANTS.filter((variant) => variant.target === target);
      const covered = own.flatMap(({ services }) =>
        Object.values(services).map(({ exposure }) => exposure),
      );
      for (const exposure of POSSIBLE_EXPOSURES[target])
        assert.ok(covered.includes(exposure), `${target}: no variant with ${exposure}`);
    }
  });

  const met = new Set<string>([STACK]);

  for (const variant of VARIANTS)
    it(variant.name, async () => {
      const { manifests, resources } = await renderVariant(variant);
      for (const { type } of resources) met.add(type);
      const file = path.join(GOLDEN, `${variant.name}.yaml`);
      if (process.env["UPDATE_GOLDEN"] === "1") {
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, manifests.map((manifest) => stringify(manifest)).join("---\n"));
      }
      const golden = parseAllDocuments(fs.readFileSync(file, "utf8"));
      assert.deepEqual(
        manifests,
        golden.map((document) => document.toJS() as unknown),
      );
    });

  it("have, between them, every resource that the offline run knows", () => {
    const unmet = Object.keys(RESOURCES).filter((type) => !met.has(type));
    assert.deepEqual(unmet, []);
  });
});
