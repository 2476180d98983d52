import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { EXPOSURES, type Exposure } from "../../infra/config/service";
import { formatError, UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";
import { Journey } from "./journey";
import { runSteps, table } from "./support/report";
import { Worlds } from "./support/worlds";
import { targets } from "./targets";
import type { Target } from "./targets/target";

const USAGE = `npm run e2e                                    all end-to-end tests
npm run e2e -- --target <target> [--exposure <exposure>]...   one target's journey, step by step
  targets: ${targets.map(({ name }) => name).join(", ")}, or all; exposures: ${EXPOSURES.join(", ")} (default: all that the target can do)`;

function readOptions() {
  const options = {
    target: { type: "string" },
    exposure: { type: "string", multiple: true },
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function main(): Promise<number> {
  const values = readOptions();
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (values.target === undefined) return everything();
  if (values.target === "all") return travelAll();
  const target = targets.find(({ name }) => name === values.target);
  if (target === undefined) throw new UserError(`there is no target ${values.target}\n\n${USAGE}`);
  return travel(target, chosen(target, values.exposure));
}

/** @returns the exit code */
async function travel(target: Target, exposures: readonly Exposure[]): Promise<number> {
  const worlds = new Worlds();
  const journey = new Journey(target, worlds, exposures);
  const print = (line: string): void => console.log(line);
  const timings = await runSteps(target.name, journey.steps, print);
  const end = { name: "the world is taken away", run: () => stop(journey, worlds) };
  timings.push(...(await runSteps(target.name, [end], print)));
  console.log(`\n${table(timings)}`);
  return timings.every(({ passed }) => passed) ? 0 : 1;
}

async function stop(journey: Journey, worlds: Worlds): Promise<void> {
  try {
    await journey.close();
  } finally {
    await worlds.stop();
  }
}

function chosen(target: Target, asked: readonly string[] = []): readonly Exposure[] {
  if (asked.length === 0) return target.exposures;
  const found = target.exposures.filter((exposure) => asked.includes(exposure));
  if (found.length === asked.length) return found;
  throw new UserError(
    `${target.name} has the exposures ${target.exposures.join(", ")} here\n\n${USAGE}`,
  );
}

/** Every target's journey, each in a world of its own. @returns the exit code */
async function travelAll(): Promise<number> {
  for (const target of targets) {
    const code = await travel(target, target.exposures);
    if (code !== 0) return code;
  }
  return 0;
}

/** The journeys, then what is tested beside them. @returns the exit code */
async function everything(): Promise<number> {
  const code = await travelAll();
  if (code !== 0) return code;
  const { status } = spawnSync(process.execPath, ["--run", "here:e2e-tests"], {
    cwd: repositoryRoot(),
    stdio: "inherit",
  });
  return status ?? 1;
}

void main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(formatError(error));
    process.exitCode = 2;
  },
);
