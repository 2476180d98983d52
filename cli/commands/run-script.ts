import { spawn } from "node:child_process";
import * as path from "node:path";
import type { Command } from "commander";
import { ExitCode } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";

/** Hidden: `npm test` from a fresh clone. By now the bootstrap has made packages and Node good. */
export function registerRunScript(program: Command): void {
  program
    .command("run-script", { hidden: true })
    .summary("run a script of package.json with this Node first on PATH")
    .description("Runs a script of package.json with this Node first on PATH.")
    .argument("<name>")
    .argument("[args...]")
    .allowUnknownOption()
    .passThroughOptions()
    .action(runScript);
}

async function runScript(name: string, args: string[]): Promise<void> {
  const PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env["PATH"] ?? ""}`;
  const child = spawn(
    process.execPath,
    ["--run", name, ...(args.length > 0 ? ["--", ...args] : [])],
    {
      cwd: repositoryRoot(),
      env: { ...process.env, PATH },
      stdio: "inherit",
    },
  );
  // The script is in our process group: a terminal's Ctrl-C reaches it by itself.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (signal === "SIGTERM") child.kill(signal);
    });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? ExitCode.interrupted));
  });
}
