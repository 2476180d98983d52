import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";

export interface Answer {
  ok?: unknown;
  error?: { message: string; why?: string; fix?: string; exitCode: number };
}

const PROGRAM = path.join(__dirname, "child.ts");

export function startChild(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ["--require", require.resolve("tsx/cjs"), PROGRAM, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Undefined: it ended without an answer, killed for example. */
export function answerOf(child: ChildProcess): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.on("close", () => resolve(out === "" ? undefined : (JSON.parse(out) as Answer)));
  });
}

export function runChild(args: string[], env: Record<string, string>): Promise<Answer | undefined> {
  return answerOf(startChild(args, env));
}
