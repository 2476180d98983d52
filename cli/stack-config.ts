import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { RawConfig } from "../infra/config";
import type { StackConfig } from "../infra/config/schema";
import { ExitCode, UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { PROJECT } from "./state";

/** Gives the plain text of a `secure` value. */
export type OpenSecret = (sealed: string) => string;

/**
 * A stack's config as the program will see it, over the defaults of Pulumi.yaml.
 *
 * @param config full keys and values as in Pulumi.<stack>.yaml
 * @param open default: secrets stay closed, and what they hold is not looked at
 * @throws UserError with all faults
 */
export async function checkedConfig(
  config: Readonly<Record<string, unknown>>,
  stack: string,
  open?: OpenSecret,
): Promise<StackConfig> {
  const { parseConfig } = await import("../infra/config.js");
  return check(config, stack, open, parseConfig);
}

/** The services alone, for what runs them without the stack's target. @throws UserError with all faults */
export async function checkedServices(
  config: Readonly<Record<string, unknown>>,
  stack: string,
  open?: OpenSecret,
): Promise<StackConfig["services"]> {
  const { parseServices } = await import("../infra/config.js");
  return check(config, stack, open, parseServices);
}

async function check<T>(
  config: Readonly<Record<string, unknown>>,
  stack: string,
  open: OpenSecret | undefined,
  parseRaw: (raw: RawConfig) => T,
): Promise<T> {
  const { modelNames } = await import("../infra/models.js");
  const { secretPaths } = await import("../infra/config/secret-paths.js");
  const root = repositoryRoot();
  const all = { ...projectDefaults(root), ...config };
  const sections = Object.entries(all).map(([key, value]) => [
    key.slice(PROJECT.length + 1),
    value,
  ]);
  const raw = {
    stack,
    models: modelNames(root),
    secretPaths: secretPaths(Object.fromEntries(sections) as Record<string, unknown>),
  };
  if (open !== undefined)
    return asUsageError(() => parseRaw({ ...raw, ...openedConfig(all, open) }));
  const { stackConfig } = await import("../infra/offline/stack-file.js");
  const { isOffline, setOffline } = await import("../infra/offline-mode.js");
  const before = isOffline();
  // What stands for a secret fits its schema, but not what stands beside it: a key its certificate.
  setOffline(true);
  try {
    return asUsageError(() => parseRaw({ ...raw, ...stackConfig(all, false) }));
  } finally {
    setOffline(before);
  }
}

function openedConfig(all: Readonly<Record<string, unknown>>, open: OpenSecret) {
  const values = Object.fromEntries(
    Object.entries(all).map(([key, value]) => [key, asPulumiSees(value, open)]),
  );
  return { values, secretKeys: Object.keys(all).filter((key) => holdsSecret(all[key])) };
}

/** The program's own errors, as this command's. */
export function asUsageError<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error && !(error instanceof UserError))
      throw new UserError(error.message, { exitCode: ExitCode.usage });
    throw error;
  }
}

/** Defaults that Pulumi.yaml declares, by full key. */
function projectDefaults(root: string): Record<string, unknown> {
  const { config } = parse(fs.readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as {
    config?: Record<string, { default?: unknown } | undefined>;
  };
  return Object.fromEntries(
    Object.entries(config ?? {}).flatMap(([key, entry]) =>
      entry?.default === undefined ? [] : [[`${PROJECT}:${key}`, entry.default]],
    ),
  );
}

/** Pulumi hands texts over as they are and everything else as JSON; secrets it has decrypted. */
function asPulumiSees(value: unknown, open: OpenSecret): string {
  const plain = openedValue(value, open);
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}

/** A value with its secrets in plain text, at any depth. */
function openedValue(value: unknown, open: OpenSecret): unknown {
  if (isSecret(value)) return open(value.secure);
  if (Array.isArray(value)) return value.map((inner) => openedValue(inner, open));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, openedValue(inner, open)]),
  );
}

export function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isSecret(value) || Object.values(value).some(holdsSecret);
}

/** `secure: v1:…`, as Pulumi writes an encrypted value. */
function isSecret(value: unknown): value is { secure: string } {
  return typeof value === "object" && value !== null && "secure" in value;
}
