import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  timeoutSeconds?: number;
  /** Every line of both streams, as it comes. */
  onLine?: (line: string) => void;
}

export interface RunResult {
  /** Null: ended by a signal, not found, or out of time. */
  code: number | null;
  stdout: string;
  /** Both streams, in the order their lines came. */
  output: string;
  timedOut: boolean;
}

/** Runs a program to its end; never throws for a program that fails or is missing. */
export function run(command: string, args: string[], o: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const stdout: string[] = [];
    const output: string[] = [];
    let timedOut = false;
    const child = spawn(command, args, {
      ...(o.cwd === undefined ? {} : { cwd: o.cwd }),
      env: { ...process.env, LC_ALL: "C", ...o.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer =
      o.timeoutSeconds === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill("SIGKILL");
          }, o.timeoutSeconds * 1000);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (stream === child.stdout) stdout.push(line);
        output.push(line);
        o.onLine?.(line);
      });
    }
    const end = (code: number | null) => {
      clearTimeout(timer);
      resolve({ code, stdout: stdout.join("\n"), output: output.join("\n"), timedOut });
    };
    child.on("error", (error) => {
      output.push(error.message);
      end(null);
    });
    child.on("close", end);
  });
}

/** The last lines of an output: where programs say what went wrong. */
export function tail(output: string, lines = 5): string {
  return output.trim().split("\n").slice(-lines).join("\n");
}
