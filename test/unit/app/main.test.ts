import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { shippedModels } from "./support/models";

const ROOT = path.join(__dirname, "../../..");

describe("the server's process", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "modelport-main-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("takes a SIGTERM that comes while its modules load", async () => {
    const early = path.join(folder, "early.cjs");
    writeFileSync(early, EARLY);
    const child = spawn(
      process.execPath,
      ["--require", early, "--require", "tsx/cjs", path.join(ROOT, "app/server/main.ts")],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          MODELS_DIR: shippedModels,
          HOST: "127.0.0.1",
          PORT: "0",
          GRPC_PORT: "off",
          METRICS_PORT: "off",
          DRAIN_SECONDS: "0",
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const end = await new Promise((resolve) =>
      child.on("close", (...how: unknown[]) => resolve(how)),
    );
    assert.deepEqual(end, [0, null], output);
    assert.match(output, /"message":"stopped"/);
  });
});

/** Sends the signal when the server's largest dependency is loaded. */
const EARLY = `
const Module = require("node:module");
const load = Module._load;
let sent = false;
Module._load = function (name, ...rest) {
  if (name === "onnxruntime-node" && !sent) {
    sent = true;
    process.kill(process.pid, "SIGTERM");
  }
  return load.call(this, name, ...rest);
};
`;
