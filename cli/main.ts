import { Command, CommanderError } from "commander";
import { ExitCode, formatError, UserError } from "../local/errors";
import { commands } from "./commands";
import { EngineError } from "./engine";
import { installInterrupt } from "./interrupt";

const EXAMPLES = `
First steps:
  npm run up                                   the whole way: cluster, image, service, a prediction
  npm run cli -- predict '[5.1,3.5,1.4,0.2]'   ask it again
  npm run down                                 take everything away

Exit codes: 0 done · 1 failed · 2 bad input · 3 this machine lacks something · 130 interrupted`;

async function main(words: readonly string[]): Promise<void> {
  installInterrupt();
  process.stdout.on("error", ignoreClosedPipe);
  const program = new Command("modelport")
    .description("A trained model to a working prediction URL, one stack per environment.")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride();
  for (const register of commands) register(program);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Prints an error for the user. @returns the exit code */
function report(error: unknown): number {
  // The parser has said it already; asking for help is none.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.usage;
  const told = explain(error);
  if (told === undefined) {
    process.stderr.write(`${formatError(error)}\n`);
    return ExitCode.failed;
  }
  process.stderr.write(`${formatError(told)}\n`);
  return told.exitCode;
}

/** Faults of the machine that any step may meet. */
function explain(error: unknown): UserError | undefined {
  if (error instanceof UserError) return error;
  if (error instanceof EngineError)
    return isDiskFull(error.output)
      ? diskFull()
      : new UserError(error.message, { why: error.output });
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(path);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new UserError(`${path ?? "a file"} can't be written or read`, {
      why: code === "EROFS" ? "its file system is read-only" : "it belongs to somebody else",
      fix: "check who owns it (`ls -ld`), or set XDG_CACHE_HOME and XDG_STATE_HOME to folders of your own",
      exitCode: ExitCode.environment,
    });
  return undefined;
}

function isDiskFull(text: string): boolean {
  return /no space left on device|ENOSPC|disk quota exceeded/i.test(text);
}

function diskFull(path?: string): UserError {
  return new UserError("the disk is full", {
    why: path === undefined ? "no space is left on the device" : `no space is left for ${path}`,
    fix: "free some space (`df -h` shows where) and run the same command again",
    exitCode: ExitCode.environment,
  });
}

/** `modelport … | head` is no error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  throw error;
}

void main(process.argv.slice(2));
