import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { composeDocument, writeCompose } from "../../../cli/compose";
import { checkedConfig } from "../../../cli/stack-config";
import { repositoryRoot } from "../../../local/paths";
import { silentProgress } from "../../../local/progress";
import { Sandbox } from "./support/sandbox";

const CONFIG = {
  "modelport:target": "embedded",
  "modelport:services": {
    gate: {
      models: ["and-gate", "iris"],
      versions: { iris: 1 },
      apiKeys: { me: { secure: "opened below" } },
      server: { maxRows: 9 },
    },
    web: {
      build: { context: "examples/web", dockerfile: "Own" },
      port: 8080,
      prediction: { path: "/home", body: {} },
      env: { BACK: "http://gate.modelport-here", GRPC: "gate:8081" },
    },
  },
};
const KEY = "0123456789abcdef";

interface Container {
  build: unknown;
  environment: Record<string, string>;
  ports: string[];
  volumes?: string[];
}

describe("a stack as a compose file", () => {
  let sandbox: Sandbox;
  before(() => (sandbox = new Sandbox()));
  after(() => sandbox.remove());

  it("has every service, built from the checkout, with the environment it is deployed with", async () => {
    const { services } = await checkedConfig(CONFIG, "here", () => KEY);
    const document = composeDocument(services, "here", "..");
    assert.equal(document.name, "modelport-here");
    const { gate, web } = document.services as Record<string, Container>;
    assert.deepEqual(gate!.build, {
      context: "..",
      dockerfile: "app/Dockerfile",
      args: { MODELS: "and-gate iris" },
    });
    assert.deepEqual(gate!.environment, {
      DEFAULT_MODEL: "and-gate",
      MODEL_VERSIONS: "iris=1",
      MAX_ROWS: "9",
      PORT: "8080",
      GRPC_PORT: "8081",
      METRICS_PORT: "9090",
      API_KEYS_FILE: "/run/modelport/api-keys/keys",
    });
    assert.deepEqual(web!.build, { context: "../examples/web", dockerfile: "Own" });
    assert.deepEqual([gate!.ports, web!.ports], [["127.0.0.1:8080:8080"], ["127.0.0.1:8081:8080"]]);
  });

  it("lets the services find each other: a container has its own port, no Service in front", async () => {
    const { services } = await checkedConfig(CONFIG, "here", () => KEY);
    const { web } = composeDocument(services, "here", ".").services as Record<string, Container>;
    assert.deepEqual(web!.environment, {
      BACK: "http://gate:8080",
      GRPC: "gate:8081",
      PORT: "8080",
    });
  });

  it("is written beside the hashed API keys", async () => {
    process.env["MODELPORT_API_KEY"] = KEY;
    const folder = path.join(sandbox.root, "out");
    const settings = { target: "embedded", config: CONFIG, hasSalt: false };
    const progress = silentProgress();
    const files = await writeCompose({ stack: "here", settings, progress, backend: {} }, folder);
    assert.deepEqual(files, ["compose.yaml", "gate.keys"]);
    assert.deepEqual(fs.readdirSync(folder).sort(), files);
    const text = fs.readFileSync(path.join(folder, "compose.yaml"), "utf8");
    const { services } = parse(text) as { services: Record<string, Container> };
    const { context } = services["gate"]!.build as { context: string };
    assert.equal(path.resolve(folder, context), repositoryRoot());
    assert.deepEqual(services["gate"]!.volumes, ["./gate.keys:/run/modelport/api-keys/keys:ro"]);
    assert.match(fs.readFileSync(path.join(folder, "gate.keys"), "utf8"), /^me [0-9a-f]{64}\n$/);
    assert.doesNotMatch(text, new RegExp(KEY));
  });
});
