import type { Command } from "commander";
import { openSession, openStack, stackExists } from "../session";
import { exportLines } from "../shell";
import { build } from "../build";

export function registerEnv(program: Command): void {
  program
    .command("env")
    .summary('print what plain pulumi needs: eval "$(npm run --silent env)"')
    .description(
      'Prints shell exports for plain `pulumi`: PATH with the toolchain, the backend, the passphrase.\n\n  eval "$(npm run --silent env)" && pulumi preview --stack local',
    )
    .option("--stack <name>", "whose passphrase and backend. Default: as for up")
    .option("--json", "print the variables as JSON")
    .action(env);
}

async function env(options: { stack?: string; json?: true }): Promise<void> {
  const context = await openStack(options.stack);
  const session = await openSession(context);
  if (await stackExists(session)) await session.engine.select();
  // Where the salt is committed, as for local stacks, nothing is written into the stack's file.
  else if (session.settings.hasSalt) await session.engine.init();
  build(["infra", "server"]);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(session.variables, undefined, 2)}\n`
      : exportLines(session.variables),
  );
}
