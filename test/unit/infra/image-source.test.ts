import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseServices } from "../../../infra/config";
import { sourceOf } from "../../../infra/image-source";
import type { Target } from "../../../infra/targets/target";

const DIGEST = `@sha256:${"a".repeat(64)}`;

const target: Target = {
  name: "existing",
  platform: "linux/amd64",
  defaultExposure: "ClusterIP",
  capabilities: {
    exposures: ["ClusterIP"],
    nodePortsReachable: false,
    customMetrics: false,
    gitBuild: false,
  },
  podSecurity: {},
  build: {},
  priceBasis: { kind: "none" },
  provision: () => assert.fail("nothing is registered"),
};

describe("where an image comes from", () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "image-source-"));
    fs.mkdirSync(path.join(root, "own"));
    fs.writeFileSync(path.join(root, "own", "Dockerfile"), "FROM python:3\nCOPY app.py .\n");
    fs.writeFileSync(path.join(root, "own", "app.py"), "pass\n");
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  const source = (settings: Record<string, unknown>, mirrors: Record<string, string> = {}) => {
    const services = { own: { prediction: { body: {} }, ...settings } };
    const values = {
      "modelport:target": "existing",
      "modelport:services": JSON.stringify(services),
    };
    const raw = { stack: "test", values, secretKeys: [], models: [] };
    const config = parseServices(raw)["own"];
    assert.ok(config);
    return sourceOf({ name: "own", config, models: [], target, mirrors, root, stack: "test" });
  };
  const staged = (file: string) =>
    fs.readFileSync(path.join(root, ".modelport", "contexts", "test", "own", file), "utf8");

  it("is the ready image, or its mirror", async () => {
    const image = `docker.io/example/own${DIGEST}`;
    assert.deepEqual(await source({ image }), { image });
    assert.deepEqual(await source({ image }, { "docker.io/example": "mirror.example.com/x" }), {
      image: `mirror.example.com/x/own${DIGEST}`,
    });
  });

  it("is a folder, with base images from their mirrors; another mirror is another content", async () => {
    const build = { context: "own" };
    const plain = await source({ build });
    assert.equal(staged("Dockerfile"), "FROM python:3\nCOPY app.py .\n");
    const mirrored = await source({ build }, { "docker.io": "mirror.example.com/hub" });
    assert.equal(
      staged("Dockerfile"),
      "FROM mirror.example.com/hub/library/python:3\nCOPY app.py .\n",
    );
    assert.equal(staged("app.py"), "pass\n");
    assert.ok("context" in plain && "context" in mirrored);
    assert.notEqual(plain.context.hash, mirrored.context.hash);
    assert.equal(plain.context.path, mirrored.context.path);
  });

  it("keeps the mirrored Dockerfile as it is from run to run", async () => {
    const again = () =>
      source({ build: { context: "own" } }, { "docker.io": "mirror.example.com" });
    const first = await again();
    assert.deepEqual(await again(), first);
  });
});
