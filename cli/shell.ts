import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** One word for a POSIX shell, whatever the value holds. */
export function quote(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** `export NAME=value` lines, ready for `eval`. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join("");
}

/** @returns the absolute path of an executable on PATH, without starting anything */
export function which(name: string, search = process.env["PATH"] ?? ""): string | undefined {
  for (const folder of search.split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** How long output may trail the end of the command that wrote it. */
const DRAIN_MS = 300;

/** Runs a short command; one that takes longer than `timeoutMs` is killed and counts as failed. */
export function capture(
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", (error) => resolve({ code: 127, stdout, stderr: error.message }));
    const finish = (): void => resolve({ code: child.exitCode ?? 124, stdout, stderr });
    // Output may arrive after the end; but what the command itself started may hold the pipes open for ever.
    child.once("close", finish);
    child.once("exit", () => setTimeout(finish, DRAIN_MS).unref());
  });
}
