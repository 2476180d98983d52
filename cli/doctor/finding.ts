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

/** Credentials that a provider reads in its config, which the program's own providers aren't given; and what they do read. */
const UNREAD = {
  "gcp:credentials": "GOOGLE_CREDENTIALS",
  "gcp:accessToken": "GOOGLE_OAUTH_ACCESS_TOKEN",
  "gcp:impersonateServiceAccount": "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
  "ibm:ibmcloudApiKey": "IC_API_KEY",
};

/** @param config full keys of the stack's file */
export function unreadCredentials(
  config: Readonly<Record<string, unknown>>,
  stack: string,
): Finding[] {
  return Object.entries(UNREAD).flatMap(([key, variable]): Finding[] =>
    key in config
      ? [
          {
            name: key,
            state: "note",
            detail: "of the stack's file is not used",
            fix: `set ${variable} instead, and: pulumi config rm ${key} --stack ${stack}`,
          },
        ]
      : [],
  );
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
