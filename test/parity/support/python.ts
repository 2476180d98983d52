import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import path from "node:path";
import { terminalProgress } from "../../../local/progress";
import { ensurePython } from "../../../local/python";

export const models = path.join(__dirname, "../../../app/models");

/** Python with the packages that train `model`; installed on first use. */
export async function pythonOf(model: "iris" | "spam" | "and-gate"): Promise<string> {
  const folder = model === "and-gate" ? path.join(models, model) : models;
  const requirements = path.join(folder, "requirements.txt");
  return (await ensurePython(requirements, { progress: terminalProgress() })).python;
}

/** A script of test/parity/python, or any by its absolute path; fails with its stderr. @returns its standard output */
export function runScript(
  python: string,
  [script = "", ...args]: readonly string[],
  { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [path.resolve(__dirname, "../python", script), ...args], {
      // Tests' servers are here, whatever proxy this machine has.
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", no_proxy: "127.0.0.1", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString());
      else
        reject(new assert.AssertionError({ message: `${script} ended with ${code}: ${stderr}` }));
    });
    // A script that fails early closes its end; its exit code tells.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

const made: string[] = [];
process.once("exit", () => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true });
});

/** Removed when the process ends. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-parity-"));
  made.push(folder);
  return folder;
}
