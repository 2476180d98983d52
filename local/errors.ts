/** Exit codes of every command. */
export const ExitCode = { failed: 1, usage: 2, environment: 3, interrupted: 130 } as const;

export interface UserErrorDetails {
  /** The cause, in a sentence. */
  why?: string;
  /** What to do, best as a command that can be pasted. */
  fix?: string;
  /** Default: 1, failed. */
  exitCode?: number;
}

/** An error whose reader is the user: what failed, why, what to do. Printed without a stack. */
export class UserError extends Error {
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly exitCode: number;

  constructor(what: string, details: UserErrorDetails = {}) {
    super(what);
    this.name = "UserError";
    this.why = details.why;
    this.fix = details.fix;
    this.exitCode = details.exitCode ?? ExitCode.failed;
  }
}

/** Three lines at most: `error:`, `why:`, `fix:`. */
export function formatUserError(error: UserError): string {
  const lines = [`error: ${error.message}`];
  if (error.why !== undefined) lines.push(`  why: ${error.why}`);
  if (error.fix !== undefined) lines.push(`  fix: ${error.fix}`);
  return lines.join("\n");
}

/** What any program of this project says at its end of what was thrown: a stack where nobody foresaw it. */
export function formatError(error: unknown): string {
  if (error instanceof UserError) return formatUserError(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
