import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { pickService, type ServiceOutput, type StackOutputs, toOutputs } from "../outputs";
import { apiKeyOf } from "../api-key";
import { exampleBody, predict } from "../prediction";
import { openExisting } from "../session";

export function registerPredict(program: Command): void {
  program
    .command("predict")
    .summary("send a prediction to a service")
    .description(
      "Posts to a service's /predict and prints the answer.\nThe input is JSON, or else taken as a text. Without one, the model's own example is sent.",
    )
    .argument(
      "[service-and-input...]",
      "[service or model] [input], e.g. '[5.1, 3.5, 1.4, 0.2]', or spam 'you won'",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--key <key>", "API key. Default: $MODELPORT_API_KEY, else the stack's own")
    .action(run);
}

async function run(words: string[], options: { stack?: string; key?: string }): Promise<void> {
  const session = await openExisting(options.stack);
  const outputs = toOutputs(session.stack, await session.engine.outputs());
  const { name, input } = split(words, outputs);
  const [serviceName, service, model] = pick(outputs, name);
  const body = input === undefined ? exampleBody(model ?? service.models[0]) : toBody(input);
  if (body === undefined)
    throw new UserError("there is nothing to predict", {
      why: "no input was given, and the service's image brings no example",
      fix: "npm run cli -- predict '<json>'",
      exitCode: ExitCode.usage,
    });
  const key = apiKeyOf(session.stack, session.settings, serviceName, options.key);
  process.stdout.write(`${(await predict(service.url, body, { model, key })).trim()}\n`);
}

/** A service's name wins over a model's. */
function pick(
  outputs: StackOutputs,
  name: string | undefined,
): [name: string, service: ServiceOutput, model?: string] {
  const owner = Object.entries(outputs.services).find(([, { models }]) =>
    models.some((model) => model === name),
  );
  if (name === undefined || name in outputs.services || owner === undefined)
    return pickService(outputs, name);
  return [...owner, name];
}

/** One word may be either; a known name wins. */
function split(words: string[], outputs: StackOutputs): { name?: string; input?: string } {
  const [first, second, ...rest] = words;
  if (rest.length > 0)
    throw new UserError("too many arguments", {
      why: `predict takes a service or a model and an input, got ${words.length} words`,
      fix: "put the input in quotes: npm run cli -- predict iris '[5.1, 3.5, 1.4, 0.2]'",
      exitCode: ExitCode.usage,
    });
  if (first !== undefined && second !== undefined) return { name: first, input: second };
  if (first === undefined) return {};
  const models = Object.values(outputs.services).flatMap((service) => service.models);
  return first in outputs.services || models.includes(first) ? { name: first } : { input: first };
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
