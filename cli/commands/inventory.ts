import type { Command } from "commander";
import { ExitCode } from "../../local/errors";
import { page } from "../inventory/report";
import { lookAtStack } from "../inventory/stack";
import { openStack } from "../session";

export function registerInventory(program: Command): void {
  program
    .command("inventory")
    .summary("what is there of a stack, asked of the cloud itself")
    .description(
      "Lists what the stack's cloud or cluster holds of it, Pulumi's doing or not, with the commands that remove it; changes nothing.\nExit code 1 if something could not be looked at.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--json", "print it as JSON")
    .action(show);
}

async function show(options: { stack?: string; json?: true }): Promise<void> {
  const context = await openStack(options.stack);
  const { stack, settings } = context;
  const inventory = await lookAtStack(context);
  if (inventory.unseen.length > 0) process.exitCode = ExitCode.failed;
  const document = { stack, target: settings.target, ...inventory };
  process.stdout.write(
    options.json === true ? `${JSON.stringify(document, undefined, 2)}\n` : page(inventory),
  );
}
