import * as fs from "node:fs";
import * as path from "node:path";
import { readClusterInfo } from "../local/cluster/info";
import { ExitCode, UserError } from "../local/errors";
import { cacheDir, repositoryRoot, stateDir } from "../local/paths";
import { ownsCluster } from "./embedded";
import type { StackContext } from "./session";
import { asUsageError, checkedConfig } from "./stack-config";
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
  const { services } = await checkedConfig(settings.config, stack);
  const { readModel, servedVersions } = await import("../infra/models.js");
  asUsageError(() => {
    for (const [name, { models, versions }] of Object.entries(services))
      for (const model of models ?? []) {
        const key = `${PROJECT}:services.${name}.versions.${model}`;
        servedVersions(readModel(root, model), versions[model], key);
      }
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
