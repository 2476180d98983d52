import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface PythonRun {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Whether what it prints to stdout is handed back instead of shown. Default: shown. */
  capture?: boolean;
}

/**
 * Runs a Python script to its end; stderr and the keyboard are this process's.
 * @returns the exit code, as a shell would say it, and stdout when it was captured
 */
export function runPython(
  python: string,
  args: readonly string[],
  { cwd, env, capture = false }: PythonRun = {},
): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, {
      ...(cwd === undefined ? {} : { cwd }),
      // A source tree is no place for compiled files, and pipes are UTF-8 whatever the locale.
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", PYTHONUTF8: "1", ...env },
      stdio: ["inherit", capture ? "pipe" : "inherit", "inherit"],
    });
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ code: code ?? 128 + constants.signals[signal ?? "SIGKILL"], stdout }),
    );
  });
}
