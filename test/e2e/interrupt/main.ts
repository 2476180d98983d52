/** `npm run e2e:interrupt`: kills `up` and `down` at random points, and looks what becomes of the stack. */
import { parseArgs } from "node:util";
import { formatError } from "../../../local/errors";
import { Worlds } from "../support/worlds";
import { targets } from "../targets";
import type { Target } from "../targets/target";
import { Campaign } from "./campaign";

const USAGE = `npm run e2e:interrupt -- [--points N] [--seed N] [--target T]
  --points   how often something is killed, default 30
  --seed     decides what is killed when, default: a new one each time
  --target   ${targets.map(({ name }) => name).join(", ")}; default: existing`;

interface Options {
  readonly points: number;
  readonly seed: number;
  readonly target: Target;
}

/** @throws Error with the option, what it got and what it needs */
function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      points: { type: "string", default: "30" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
      target: { type: "string", default: "existing" },
    },
  });
  const target = targets.find(({ name }) => name === values.target);
  if (target === undefined) throw new Error(`--target: got "${values.target}"`);
  return {
    points: wholeNumber("points", values.points),
    seed: wholeNumber("seed", values.seed),
    target,
  };
}

function wholeNumber(option: string, text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new Error(`--${option}: got "${text}", a whole number is needed`);
}

/** @returns the exit code */
async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { points, seed, target } = options;
  const print = (line: string): void => console.log(line);
  print(`${target.name}: ${points} points, seed ${seed}`);
  const worlds = new Worlds();
  const campaign = new Campaign(target, worlds, seed, print);
  const began = Date.now();
  try {
    try {
      await campaign.prepare();
      for (let point = 1; point <= points; point++)
        await campaign.interrupt(`${String(point).padStart(2)}/${points}`);
      await campaign.finish();
    } finally {
      await campaign.close();
      await worlds.stop();
    }
    const minutes = ((Date.now() - began) / 60_000).toFixed(1);
    print(`${points} of ${points} points came to rest, in ${minutes} min`);
    return 0;
  } catch (error) {
    console.error(formatError(error));
    console.error(
      `again: npm run e2e:interrupt -- --target ${target.name} --points ${points} --seed ${seed}`,
    );
    return 1;
  }
}

void main().then((code) => (process.exitCode = code));
