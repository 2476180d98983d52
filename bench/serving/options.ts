import { Command, InvalidArgumentError, Option } from "commander";

/** What is measured: contenders, and figures of ours besides. */
export const PARTS = {
  contenders: [
    "modelport",
    "constant",
    "flask-gunicorn",
    "mlserver",
    "bentoml",
    "litserve",
    "granian",
  ],
  extras: ["spam", "protocols", "many-models", "image"],
} as const;

export type Part = (typeof PARTS.contenders)[number] | (typeof PARTS.extras)[number];

export interface Options {
  readonly rounds: number;
  /** Measured of each contender in each round. */
  readonly seconds: number;
  readonly connections: number;
  /** Undefined: all. */
  readonly only: ReadonlySet<Part> | undefined;
  readonly json: boolean;
  /** Minutes; undefined: none. */
  readonly soak: number | undefined;
  readonly profile: boolean;
  /** Another bundle of our server than this checkout's. */
  readonly server: string | undefined;
}

interface Parsed {
  rounds: number;
  seconds: number;
  connections: number;
  only?: Set<Part>;
  json: boolean;
  soak?: number | true;
  profile: boolean;
  server?: string;
}

const SOAK_MINUTES = 10;

/** Prints help or what is wrong and exits, as commander does. @param exit for tests: throws instead */
export function parseOptions(argv: readonly string[], exit?: () => never): Options {
  const program = new Command("bench")
    .description(
      "Measures the inference server beside others: same model, same requests, one core. Writes docs/bench.json and docs/bench.svg when everything was measured.",
    )
    .option("--rounds <number>", "interleaved rounds", number(1, 100), 5)
    .option("--seconds <number>", "measured of each server in each round", number(0.2, 60), 2.5)
    .option("--connections <number>", "at once", number(1, 1000), 32)
    .option("--only <names>", `some of: ${allParts().join(", ")}`, parts)
    .option("--json", "one JSON object on stdout and nothing else", false)
    .addOption(
      new Option(
        "--soak [minutes]",
        "instead: a constant rate of 80 % of the peak for minutes (10)",
      ).argParser(number(0.1, 1440)),
    )
    .option("--profile", "instead: where the server's time goes", false)
    .option("--server <file>", "another bundle of the server than this checkout's");
  if (exit !== undefined)
    program
      .exitOverride(exit)
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  const parsed = program.parse([...argv], { from: "user" }).opts<Parsed>();
  return {
    ...parsed,
    only: parsed.only,
    soak: parsed.soak === true ? SOAK_MINUTES : parsed.soak,
    server: parsed.server,
  };
}

/** Whether a part was asked for. */
export function wants({ only }: Pick<Options, "only">, part: Part): boolean {
  return only?.has(part) ?? true;
}

const allParts = (): readonly Part[] => [...PARTS.contenders, ...PARTS.extras];

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`${least} to ${most} is needed.`);
  };
}

function parts(text: string): Set<Part> {
  const known = allParts();
  return new Set(
    text.split(",").map((name) => {
      const part = known.find((candidate) => candidate === name.trim());
      if (part === undefined)
        throw new InvalidArgumentError(`"${name}" is none of ${known.join(", ")}.`);
      return part;
    }),
  );
}
