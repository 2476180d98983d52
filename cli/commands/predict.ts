import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { pickService, type StackOutputs, toOutputs } from "../outputs";
import { exampleBody, predict } from "../prediction";
import { openExisting } from "../session";

export function registerPredict(program: Command): void {
  program
    .command("predict")
    .summary("send a prediction to a service")
    .description(
      "Posts to a service's /predict and prints the answer.\nThe input is JSON, or else taken as a text. Without one, the model's own example is sent.",
    )
    .argument("[service-and-input...]", "[service] [input], e.g. '[5.1, 3.5, 1.4, 0.2]'")
    .option("--stack <name>", "which stack. Default: as for up")
    .action(run);
}

async function run(words: string[], options: { stack?: string }): Promise<void> {
  const session = await openExisting(options.stack);
  const outputs = toOutputs(session.stack, await session.engine.outputs());
  const { service: name, input } = split(words, outputs);
  const [, service] = pickService(outputs, name);
  const body = input === undefined ? exampleBody(service.models[0]) : toBody(input);
  if (body === undefined)
    throw new UserError("there is nothing to predict", {
      why: "no input was given, and the service's image brings no example",
      fix: "npm run cli -- predict '<json>'",
      exitCode: ExitCode.usage,
    });
  process.stdout.write(`${(await predict(service.url, body)).trim()}\n`);
}

/** One word may be either; a service's name wins. */
function split(words: string[], outputs: StackOutputs): { service?: string; input?: string } {
  const [first, second, ...rest] = words;
  if (rest.length > 0)
    throw new UserError("too many arguments", {
      why: `predict takes a service and an input, got ${words.length} words`,
      fix: "put the input in quotes: npm run cli -- predict iris '[5.1, 3.5, 1.4, 0.2]'",
      exitCode: ExitCode.usage,
    });
  if (first !== undefined && second !== undefined) return { service: first, input: second };
  if (first === undefined) return {};
  return first in outputs.services ? { service: first } : { input: first };
}

/** What begins like a list or an object was meant as JSON; everything else that is none is a text. */
function toBody(input: string): string {
  try {
    return JSON.stringify(JSON.parse(input));
  } catch (error) {
    if (!/^\s*[[{]/.test(input)) return JSON.stringify(input);
    throw new UserError("the input is not JSON", {
      why: (error as Error).message,
      fix: "put it in single quotes: npm run cli -- predict '[5.1, 3.5, 1.4, 0.2]'",
      exitCode: ExitCode.usage,
    });
  }
}
