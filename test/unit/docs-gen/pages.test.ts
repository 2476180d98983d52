import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { targetPages } from "../../../docs-gen/generate";
import { jsonSchema } from "../../../docs-gen/json-schema";
import { sections as allSections } from "../../../docs-gen/shape";
import { TARGET_NAMES } from "../../../infra/config/schema";
import { repositoryRoot } from "../../../local/paths";

const ROOT = repositoryRoot();

/** The YAML of a page, as far as it is config. */
function samples(file: string): [string, Record<string, unknown>][] {
  const text = fs.readFileSync(path.join(ROOT, file), "utf8");
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = ""]) => {
    const config = parse(yaml.replaceAll("secure: v1:…", "secure: x")) as Record<string, unknown>;
    if ("config" in config) return [yaml, config["config"] as Record<string, unknown>];
    // Keys of one service, which lacks what it serves.
    if (!Object.keys(config).some((key) => key.startsWith("modelport:")))
      return [yaml, { "modelport:services": { iris: { models: ["iris"], ...config } } }];
    return [yaml, config];
  });
}

describe("the samples in the pages", () => {
  const sections = jsonSchema(allSections())["properties"] as {
    config: { properties: Record<string, object> };
  };

  for (const file of ["README.md", ...TARGET_NAMES.map((name) => `docs/targets/${name}.md`)])
    it(`of ${file} are config`, () => {
      for (const [yaml, config] of samples(file))
        for (const [key, value] of Object.entries(config)) {
          const schema = sections.config.properties[key];
          assert.ok(schema !== undefined, `${key} in\n${yaml}`);
          const valid = new Ajv({ strict: false, allErrors: true }).compile(schema);
          valid(value);
          // A sample may leave out what is required elsewhere.
          const wrong = (valid.errors ?? []).filter(({ keyword }) => keyword !== "required");
          assert.deepEqual(wrong, [], yaml);
        }
    });
});

describe("the targets' pages", function () {
  // Each page takes a process with the whole program.
  this.timeout(300_000);
  let made: Record<string, string>;
  before(async () => {
    made = await targetPages();
  });

  for (const name of TARGET_NAMES) {
    const file = `docs/targets/${name}.md`;
    it(`${file} is up to date; if not: npm run docs`, () => {
      const text = fs.readFileSync(path.join(ROOT, file), "utf8");
      assert.equal(text, made[file]);
      for (const heading of ["creates", "costs", "Credentials", "First steps", "How to leave"])
        assert.match(text, new RegExp(`^## .*${heading}`, "m"));
      for (const block of ["abilities", "graph", "prices"])
        assert.ok(text.includes(`<!-- made: ${block} -->`), block);
    });
  }

  it("link to files that are there", () => {
    for (const name of TARGET_NAMES) {
      const folder = path.join(ROOT, "docs", "targets");
      const text = fs.readFileSync(path.join(folder, `${name}.md`), "utf8");
      for (const [, link = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g))
        assert.ok(fs.existsSync(path.join(folder, link)), `${name}.md: ${link}`);
    }
  });
});
