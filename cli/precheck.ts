import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { readClusterInfo } from "../local/cluster/info";
import { ExitCode, UserError } from "../local/errors";
import { cacheDir, repositoryRoot, stateDir } from "../local/paths";
import { ownsCluster } from "./embedded";
import type { StackContext } from "./session";
import { PROJECT, stateFile } from "./state";

/** Less than this, and the first image build fails half-way. */
const LEAST_FREE_BYTES = 500e6;

/**
 * Finds what the program would refuse, before minutes go into tools and a cluster. Where those are there, the program itself is as
 * quick, and this is skipped.
 *
 * @param always even where the program would be as quick. Default: false
 * @throws UserError with all faults of the stack's config
 */
export async function checkConfig(
  { stack, settings, backend }: StackContext,
  always = false,
): Promise<void> {
  checkDisk();
  const running = !ownsCluster(settings.target) || readClusterInfo() !== undefined;
  if (!always && running && stateFile(stack, backend) !== undefined) return;
  const root = repositoryRoot();
  const { parseConfig } = await import("../infra/config.js");
  const { modelNames, readModel } = await import("../infra/models.js");
  const config = { ...projectDefaults(root), ...settings.config };
  asUsageError(() => {
    const { services } = parseConfig({
      stack,
      values: Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key, asPulumiSees(value)]),
      ),
      secretKeys: Object.keys(config).filter((key) => holdsSecret(config[key])),
      models: modelNames(root),
    });
    const models = Object.values(services).flatMap((service) => service.models ?? []);
    for (const model of new Set(models)) readModel(root, model);
  });
}

/** @throws UserError where a full disk would stop us half-way */
export function checkDisk(): void {
  for (const folder of [cacheDir(), stateDir(), repositoryRoot()]) {
    const { bavail, bsize } = fs.statfsSync(existingParent(folder));
    if (bavail * bsize < LEAST_FREE_BYTES) throw diskFull(folder, bavail * bsize);
  }
}

export function existingParent(folder: string): string {
  return fs.existsSync(folder) ? folder : existingParent(path.dirname(folder));
}

function diskFull(folder: string, free: number): UserError {
  return new UserError(`there is too little disk space at ${folder}`, {
    why: `${Math.floor(free / 1e6)} MB are free, ${LEAST_FREE_BYTES / 1e6} MB are needed at least`,
    fix: "free some space (`df -h` shows where), or set XDG_CACHE_HOME and XDG_STATE_HOME to another disk",
    exitCode: ExitCode.environment,
  });
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
function asPulumiSees(value: unknown): string {
  const plain = decrypted(value);
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}

function decrypted(value: unknown): unknown {
  if (isSecret(value)) return "secret";
  if (Array.isArray(value)) return value.map(decrypted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decrypted(inner)]));
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isSecret(value) || Object.values(value).some(holdsSecret);
}

/** `secure: v1:…`, as Pulumi writes an encrypted value. */
function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}

function asUsageError(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof Error) throw new UserError(error.message, { exitCode: ExitCode.usage });
    throw error;
  }
}
