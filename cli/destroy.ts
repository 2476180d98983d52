import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../local/errors";
import { refusedOf, wayOut } from "./causes";
import { isRented } from "./doctor/cloud";
import { ownsCluster } from "./embedded";
import { EngineError } from "./engine";
import { ChangeReport } from "./events";
import type { Inventory } from "./inventory/found";
import { leftovers, type Waiting } from "./inventory/proof";
import { hasOrphans, seesNetwork } from "./inventory/control";
import { type Held, Memory } from "./inventory/memory";
import { lookAtStack } from "./inventory/stack";
import { isLoginRefused, isReleasedLate, isUnreachable } from "./late-release";
import { expires } from "./login";
import { afterFailedDestroy, refuseProtected } from "./protection";
import type { Session } from "./session";
import { stuckNamespaces } from "./stuck-namespaces";

/** For what a cloud releases late: balancers and addresses take minutes. */
export const DESTROY_PATIENCE: Waiting = {
  totalMs: 600_000,
  firstPauseMs: 10_000,
  longestPauseMs: 60_000,
};

/** Why a destroy ended before its end. */
interface Failure {
  /** What the engine and its providers said, one by one. */
  readonly errors: readonly string[];
  readonly text: string;
}

/** Pulumi's Kubernetes provider forgets what was in a cluster that is gone: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ */
export const CLUSTER_IS_GONE = { PULUMI_K8S_DELETE_UNREACHABLE: "true" };

/** The user's own word, where the cloud's can't be had. */
export const isToldGone = () =>
  process.env["PULUMI_K8S_DELETE_UNREACHABLE"] === CLUSTER_IS_GONE.PULUMI_K8S_DELETE_UNREACHABLE;

/**
 * All resources of a stack, of a cluster that goes with it as far as it lets them go. Tries again where a cloud releases late what something
 * else uses, and forgets what was in a cluster that the cloud, or the user, says is gone; what its controllers made is then not waited for.
 *
 * @param patience counted from the first failure that passes: a cluster alone takes longer to go
 * @param memory what the state held and the looks before have learnt
 * @param look what the cloud holds. Default: it is asked
 * @param clusterGoes whether the stack's own cluster is removed afterwards, with everything in it. Default: as its target says
 * @throws UserError where something is left, or protected
 */
export async function destroy(
  session: Session,
  patience: Waiting = DESTROY_PATIENCE,
  memory: Memory = new Memory(),
  look: () => Promise<Inventory> = () => lookAtStack(session, memory),
  clusterGoes = ownsCluster(session.settings.target),
): Promise<void> {
  const { settings, progress } = session;
  let end: number | undefined;
  let wait = patience.firstPauseMs;
  let clusterGone = false;
  for (;;) {
    const failure = await destroyOnce(session, clusterGone);
    if (failure === undefined) return;
    if (clusterGoes) {
      process.stderr.write(`${failure.text}\nremoving the cluster with everything in it instead\n`);
      return;
    }
    const silent = isUnreachable(failure.errors) || isLoginRefused(failure.errors);
    if (isRented(settings.target) && !clusterGone && silent) {
      const told = isToldGone();
      clusterGone = told || (await isClusterGone(look, memory.held));
      if (clusterGone) {
        const who = told
          ? "PULUMI_K8S_DELETE_UNREACHABLE is set"
          : "the cloud has none of that name";
        const what = isUnreachable(failure.errors)
          ? "the cluster doesn't answer"
          : "no login to the cluster is to be had";
        progress.step(what).done(`${who}: what was in it is gone with it`);
        continue;
      }
    }
    // Nothing of a cluster on this machine is released late, and what it holds of others isn't asked for.
    const late = !ownsCluster(settings.target) && isReleasedLate(failure.errors);
    end ??= Date.now() + patience.totalMs;
    const futile = late && clusterGone && (await look().then(hasOrphans, () => false));
    if (!late || futile || Date.now() + wait > end)
      throw await failed(session, failure.text, late, look);
    const step = progress.step(`the cloud has not released all of it, again in ${wait / 1000} s`);
    step.update(firstLine(failure.text));
    await pause(wait);
    step.done(firstLine(failure.text));
    wait = Math.min(wait * 2, patience.longestPauseMs);
  }
}

/** @returns why it was not done, undefined if it was. @throws UserError if the cluster is protected, or nothing could be begun */
async function destroyOnce(session: Session, clusterGone: boolean): Promise<Failure | undefined> {
  const { stack, progress, engine } = session;
  const newLogin = (await needsLogin(session)) && !clusterGone;
  const report = new ChangeReport(`pulumi destroy, stack ${stack}`, progress);
  try {
    await engine.destroy(report.onEvent, newLogin, clusterGone ? CLUSTER_IS_GONE : {});
    report.done();
    return undefined;
  } catch (error) {
    report.fail();
    if (!(error instanceof EngineError)) throw error;
    const told = report.summary.errors;
    const errors = told.length > 0 ? told : [error.output];
    return { errors, text: [...told, error.output].filter((text) => text !== "").join("\n") };
  }
}

/** @returns whether the login to the cluster is to be made anew first. @throws UserError if the cluster is protected */
async function needsLogin({ stack, settings, engine }: Session): Promise<boolean> {
  if (!isRented(settings.target)) return false;
  const { state } = await engine.export();
  refuseProtected(stack, settings.target, state.resources);
  return expires(settings.target, state.resources);
}

/**
 * Only the cloud's own word counts: a network that is down looks the same from here. And it counts only where the cluster would be seen: who
 * sees the network that it was in, asks in the right place and may look.
 */
export async function isClusterGone(
  look: () => Promise<Inventory>,
  held: readonly Held[],
): Promise<boolean> {
  const inventory = await look().catch(() => undefined);
  return (
    inventory?.looked.includes("clusters") === true &&
    !inventory.found.some(({ kind }) => kind === "cluster") &&
    seesNetwork(inventory, held)
  );
}

async function failed(
  session: Session,
  why: string,
  late: boolean,
  look: () => Promise<Inventory>,
): Promise<UserError> {
  const { stack, settings } = session;
  const what = `stack ${stack} could not be taken away`;
  const known = wayOut(why, refusedOf(stack, settings));
  const stuck = await stuckNamespaces(session);
  const plain = new UserError(what, {
    why: [why, ...stuck.map((one) => one.why)].join("\n       "),
    fix: [
      ...(known === undefined ? [] : [known]),
      ...stuck.map((one) => one.fix),
      afterFailedDestroy(stack, why),
    ].join("\n       "),
  });
  if (!late) return plain;
  // Something holds it that isn't going: most likely what a controller made, and Pulumi doesn't know.
  const inventory = await look().catch(() => undefined);
  if (inventory === undefined || inventory.found.length === 0) return plain;
  const { why: left = "", fix } = leftovers(stack, inventory);
  return new UserError(`${what}: something of it is still used`, {
    why: [why, "there is of it, what uses something first:", left].join("\n       "),
    ...(fix === undefined ? {} : { fix }),
  });
}

/** The first that says something: a Terraform provider begins with how many errors there are, and gives each a star. */
const firstLine = (text: string) => {
  const lines = text.split("\n").map((line) => line.replace(/^\s*\*?\s*/, "").trim());
  const line =
    lines.find((one) => /[a-z]/i.test(one) && !/^\d+ errors? occurred:$/.test(one)) ?? "";
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
};
