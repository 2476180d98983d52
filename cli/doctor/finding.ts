import { which } from "../shell";

export interface Finding {
  name: string;
  /** `optional`: not there, and not needed for this stack. `note`: nothing is missing, but this could stand in the way. */
  state: "good" | "missing" | "optional" | "note";
  /** What was found, or what is wrong. */
  detail: string;
  /** What to do about it. */
  fix?: string;
}

/** What a finding is made from: this machine, unless a test says otherwise. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** The path of an executable. */
  readonly which: (name: string) => string | undefined;
}

export function thisMachine(): Surroundings {
  return { env: process.env, home: process.env["HOME"] ?? "", which };
}

/** The first of these variables that is set and not empty. */
export function firstSet(env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined {
  return names.find((name) => (env[name] ?? "") !== "");
}

/** An executable that is needed for one purpose. */
export function executable(
  { which: find }: Surroundings,
  name: string,
  missing: Pick<Finding, "state" | "detail" | "fix">,
): Finding {
  const found = find(name);
  return found === undefined ? { name, ...missing } : { name, state: "good", detail: found };
}
