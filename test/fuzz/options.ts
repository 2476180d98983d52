import { parseArgs } from "node:util";
import { type Protocol, protocols } from "./generate/protocols";

export interface Options {
  readonly count: number;
  readonly seed: number;
  /** Undefined: all of them. */
  readonly protocols: readonly Protocol[] | undefined;
  /** The name of one case to make again, instead of a campaign. */
  readonly case: string | undefined;
  readonly json: boolean;
}

export const USAGE = `npm run fuzz -- [--count N] [--seed N] [--protocol ${protocols.join("|")}]… [--json]
npm run fuzz -- --case NAME      sends one case again and shows all of it
  --count      cases, default 1000000
  --seed       everything follows from it, default: a new one each time
  --protocol   only this one, may be repeated
  --json       the report for programs`;

/** @throws Error with the option, what it got and what it needs */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      count: { type: "string", default: "1000000" },
      seed: { type: "string" },
      protocol: { type: "string", multiple: true },
      case: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    count: wholeNumber("--count", values.count),
    seed:
      values.seed === undefined
        ? Math.floor(Math.random() * 2 ** 32)
        : wholeNumber("--seed", values.seed),
    protocols: values.protocol?.map(protocolOf),
    case: values.case,
    json: values.json,
  };
}

function wholeNumber(option: string, text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new Error(`${option}: got "${text}", a whole number is needed`);
}

function protocolOf(text: string): Protocol {
  const found = protocols.find((protocol) => protocol === text);
  if (found !== undefined) return found;
  throw new Error(`--protocol: got "${text}", one of ${protocols.join(", ")} is needed`);
}
