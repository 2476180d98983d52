import { ExitCode, UserError } from "../local/errors";
import type { StateResource } from "./state";

/**
 * Clusters that may not be deleted, as the stack's state has them: by Pulumi (`protect`) or by Google (`deletionProtection`, which it
 * would refuse only after everything in the cluster is gone, as after `pulumi state unprotect`). The config key lifts both.
 */
export function protectedResources(resources: readonly StateResource[]): StateResource[] {
  return resources.filter(
    ({ protect, inputs }) => protect === true || inputs?.["deletionProtection"] === true,
  );
}

/**
 * What to do after a failed `pulumi destroy`. A token in the user's own kubeconfig is the last update's, and Kubernetes refuses one that
 * has expired; that of a cluster in a cloud was made anew: https://www.pulumi.com/docs/iac/operations/stack-management/run-program/
 *
 * @param why what the engine said
 */
export function afterFailedDestroy(stack: string, why: string): string {
  const again = `npm run down -- --stack ${stack}`;
  return /\b401\b|Unauthorized|must be logged in|provide credentials/i.test(why)
    ? `the login in the stack's state has expired; an update renews it, even one that fails later: npm run up -- --stack ${stack}, then ${again}`
    : `run the same command again; what is gone stays gone: ${again}`;
}

/** @throws UserError that says how to lift it, before anything is deleted */
export function refuseProtected(
  stack: string,
  target: string,
  resources: readonly StateResource[],
): void {
  const found = protectedResources(resources);
  if (found.length === 0) return;
  const names = found.map(({ urn }) => urn.split("::").slice(-2).join(" "));
  const key = `modelport:${target}.deletionProtection`;
  throw new UserError(`stack ${stack} is protected from deletion, nothing was changed`, {
    why: names.join(", "),
    fix: [
      `pulumi config set --path '${key}' false --stack ${stack}`,
      `npm run up -- --stack ${stack}`,
      `npm run down -- --stack ${stack}`,
    ].join("\n       "),
    exitCode: ExitCode.usage,
  });
}
