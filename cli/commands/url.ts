import type { Command } from "commander";
import { pickService, toOutputs } from "../outputs";
import { openExisting } from "../session";

export function registerUrl(program: Command): void {
  program
    .command("url")
    .summary("print the URL of a service")
    .description(
      "Prints the URL of a service; it was published after a real prediction through it.",
    )
    .argument("[service]", "default: the first service of the stack")
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--json", "print every service with its URL as JSON")
    .action(url);
}

async function url(
  service: string | undefined,
  options: { stack?: string; json?: true },
): Promise<void> {
  const session = await openExisting(options.stack);
  const outputs = toOutputs(session.stack, await session.engine.outputs());
  const [, chosen] = pickService(outputs, service);
  const urls = Object.fromEntries(
    Object.entries(outputs.services).map(([name, { url: its, reachableFrom }]) => [
      name,
      { url: its, reachableFrom },
    ]),
  );
  process.stdout.write(
    options.json === true ? `${JSON.stringify(urls, undefined, 2)}\n` : `${chosen.url}\n`,
  );
}
