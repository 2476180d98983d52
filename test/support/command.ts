import { type ChildProcess, spawn } from "node:child_process";

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

export interface CommandOptions {
  cwd: string;
  env: Record<string, string>;
  /** Called with the process as soon as it runs. */
  started?: (child: ChildProcess) => void;
  /** What the process wrote so far, each time it writes. */
  onOutput?: (stderr: string, stdout: string) => void;
  timeoutSeconds?: number;
}

/** Runs a command to its end, whatever that is. Never throws for an exit code. */
export function command(argv: readonly string[], options: CommandOptions): Promise<Result> {
  const [file = "", ...args] = argv;
  const began = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: (options.timeoutSeconds ?? 300) * 1000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      options.onOutput?.(stderr, stdout);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      options.onOutput?.(stderr, stdout);
    });
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ code, signal, stdout, stderr, seconds: (Date.now() - began) / 1000 }),
    );
    options.started?.(child);
  });
}
