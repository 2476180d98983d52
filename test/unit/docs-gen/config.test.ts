import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { configFiles } from "../../../docs-gen/generate";
import { jsonSchema } from "../../../docs-gen/json-schema";
import { type Key, sections, type Shape } from "../../../docs-gen/shape";
import { TARGET_NAMES } from "../../../infra/config/schema";
import { repositoryRoot } from "../../../local/paths";

const ROOT = repositoryRoot();
const all = sections();
const top = [...all.common, ...Object.values(all.targets)];

function walk(keys: readonly Key[], at = ""): [string, Key][] {
  return keys.flatMap((key): [string, Key][] => {
    const own = `${at}${key.name}`;
    return [[own, key], ...walk(inside(key.shape), `${own}.`)];
  });
}

function inside(shape: Shape): readonly Key[] {
  switch (shape.kind) {
    case "value":
      return [];
    case "object":
      return shape.keys;
    case "record":
      return inside(shape.value);
    case "list":
      return inside(shape.element);
    case "union":
      return shape.options.flatMap(inside);
  }
}

describe("the config's generated files", () => {
  for (const file of ["docs/reference/config.md", "schema/modelport.schema.json"])
    it(`${file} is up to date; if not: npm run docs`, async () => {
      const made = (await configFiles())[file];
      assert.equal(fs.readFileSync(path.join(ROOT, file), "utf8"), made);
    });
});

describe("the config's schema", () => {
  const keys = new Map(walk(top));

  it("is found with the doc comments of its source", () => {
    assert.match(keys.get("services.replicas")?.comment ?? "", /^Pods\. Default: 2/);
    assert.match(keys.get("images.mirrors")?.comment ?? "", /^Where images are pulled from/);
    assert.match(keys.get("gke.nodes.maxNodes")?.comment ?? "", /^Nodes in each zone at most/);
    assert.equal(keys.get("services.apiKeys")?.secret, true);
    assert.equal(keys.get("gke.project")?.required, true);
    assert.equal(keys.get("services.port")?.default, 8080);
    assert.ok(keys.size > 100, `${keys.size} keys`);
  });

  it("has a doc comment at every key", () => {
    const bare = [...keys].flatMap(([at, { comment }]) => (comment === "" ? [at] : []));
    assert.deepEqual(bare, []);
  });

  it("says what is taken where a key is left out", () => {
    // A plain default is written by the generator itself.
    const silent = [...keys].flatMap(([at, { required, comment, shape, default: preset }]) =>
      required ||
      shape.kind === "object" ||
      comment.includes("Default:") ||
      (preset !== undefined && typeof preset !== "object")
        ? []
        : [at],
    );
    assert.deepEqual(silent, []);
  });
});

describe("the JSON Schema for editors", () => {
  let valid: ValidateFunction;
  before(() => {
    valid = new Ajv({ strict: false, allErrors: true }).compile(jsonSchema(all));
  });

  const faults = (config: Record<string, unknown>) => {
    valid({ config });
    return (valid.errors ?? []).map(({ instancePath }) => instancePath);
  };
  const gke = { "modelport:target": "gke", "modelport:gke": { project: "my-project-123" } };

  for (const file of fs.readdirSync(ROOT).filter((name) => /^Pulumi\..+\.yaml$/.test(name)))
    it(`finds nothing in ${file} but what has to be filled in`, () => {
      const text = fs.readFileSync(path.join(ROOT, file), "utf8");
      valid(parse(text));
      for (const { instancePath } of valid.errors ?? []) {
        const [, , section = "", ...rest] = instancePath.split("/");
        const value = rest.reduce<unknown>(
          (found, key) => (found as Record<string, unknown>)[key],
          (parse(text) as { config: Record<string, unknown> }).config[section],
        );
        assert.match(String(value), /^<.*>$/, instancePath);
      }
    });

  it("knows every target", () => {
    for (const target of TARGET_NAMES)
      assert.ok(!faults({ "modelport:target": target }).includes("/config/modelport:target"));
    assert.deepEqual(faults({ "modelport:target": "gkee" }), ["/config/modelport:target"]);
  });

  it("takes a complete stack, and settings of other providers beside it", () => {
    assert.deepEqual(faults({ ...gke, "gcp:disableGlobalProjectWarning": true }), []);
  });

  it("wants a target, and its section where that has no default", () => {
    assert.deepEqual(faults({}), ["/config"]);
    assert.ok(faults({ "modelport:target": "gke" }).includes("/config"));
  });

  it("refuses unknown keys, wrong values and another target's section", () => {
    for (const [config, at] of [
      [{ "modelport:tarket": 1 }, "/config"],
      [{ "modelport:gke": { project: "my-project-123", regoin: "x" } }, "/config/modelport:gke"],
      [{ "modelport:gke": { project: "A" } }, "/config/modelport:gke/project"],
      [{ "modelport:minikube": {} }, "/config/modelport:minikube"],
      [
        { "modelport:services": { iris: { models: ["iris"], replicas: 0 } } },
        "/config/modelport:services/iris/replicas",
      ],
    ] as const)
      assert.ok(faults({ ...gke, ...config }).includes(at), at);
  });

  it("takes a sealed secret where one belongs, and nowhere else", () => {
    const secure = { secure: "v1:x:y" };
    const service = (more: object) => ({
      ...gke,
      "modelport:services": { iris: { models: ["iris"], ...more } },
    });
    assert.deepEqual(faults(service({ apiKeys: { me: secure } })), []);
    assert.notDeepEqual(faults(service({ namespace: secure })), []);
  });
});
