import * as pulumi from "@pulumi/pulumi";

/** What an error tells its reader, besides what failed. */
export interface Remedy {
  /** The cause, in a sentence. */
  why?: string;
  /** What to do, best as a command that can be pasted. */
  fix?: string;
}

/** An error of the program whose reader is the user: printed by Pulumi without a stack. */
export class ProgramError extends pulumi.RunError {
  constructor(what: string, remedy: Remedy = {}) {
    const lines = [what];
    if (remedy.why !== undefined) lines.push(`  why: ${remedy.why}`);
    if (remedy.fix !== undefined) lines.push(`  fix: ${remedy.fix}`);
    super(lines.join("\n"));
  }
}

/** One wrong value of the stack's config. */
export interface Fault {
  /** Full path, e.g. `modelport:services.iris.replicas`. */
  key: string;
  /** The value as it may be shown: never a secret's. */
  got: string;
  /** What would have been right, in words or as a list. */
  allowed: string;
  /** The command that mends it. */
  fix: string;
}

/** All faults of the stack's config at once. */
export class ConfigError extends pulumi.RunError {
  readonly faults: readonly Fault[];

  constructor(stack: string, faults: readonly Fault[]) {
    const noun = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    const lines = faults.map(
      ({ key, got, allowed, fix }) =>
        `  ${key}\n    got:     ${got}\n    allowed: ${allowed}\n    fix:     ${fix}`,
    );
    super(`stack ${stack}: ${noun} in its config, nothing was changed\n${lines.join("\n")}`);
    this.faults = faults;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
