import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { strip } from "../../../../local/image/strip";

describe("stripping a program", () => {
  const original = fs.readFileSync(process.execPath);

  it("leaves a smaller one that runs and loads native addons", function () {
    if (process.platform !== "linux") return this.skip();
    const stripped = strip(original);
    assert.ok(stripped.length < original.length, `${stripped.length} of ${original.length} bytes`);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-strip-"));
    try {
      const program = path.join(folder, "node");
      fs.writeFileSync(program, stripped, { mode: 0o755 });
      const script = 'console.log(process.version, typeof require("onnxruntime-node").Tensor)';
      const env = { ...process.env, ORT_DISABLE_TELEMETRY: "1" };
      const told = execFileSync(program, ["-e", script], { encoding: "utf8", env });
      assert.equal(told, `${process.version} function\n`);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("takes nothing more off what is stripped already", () => {
    const once = strip(original);
    assert.ok(strip(once).equals(once));
  });

  it("keeps what is no program as it is", () => {
    for (const other of [Buffer.from("#!/bin/sh\n"), Buffer.alloc(0), Buffer.from("\x7fELF")])
      assert.equal(strip(other), other);
  });
});
