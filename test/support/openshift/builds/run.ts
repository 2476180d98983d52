import { spawn } from "node:child_process";

export interface StepContext {
  /** Takes what is in the build's log. */
  readonly log: (text: string) => void;
  /** Ends the step's programs. */
  readonly signal: AbortSignal;
  /** A folder that is the build's alone. */
  readonly scratch: string;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Nothing of it goes into the log. Default: all of it does. */
  readonly quiet?: boolean;
}

/** Runs a program to its end. @returns its exit code and both streams; code null: it was ended */
export function program(
  argv: readonly string[],
  { log, signal }: Pick<StepContext, "log" | "signal">,
  { env, cwd, quiet = false }: ProgramOptions = {},
): Promise<{ code: number | null; output: string }> {
  const [file = "", ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C", ...env },
      signal,
      killSignal: "SIGKILL",
      ...(cwd === undefined ? {} : { cwd }),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        // Colours, which a log has no use for.
        const text = chunk.replace(/\x1b\[\d*m/g, "");
        output += text;
        if (!quiet) log(text);
      });
    child.once("error", (error) => (output += `${error.message}\n`));
    // Not before: what was ended, or what that had started, may still write where its folder is taken away.
    child.once("close", (code) => resolve({ code, output }));
  });
}
