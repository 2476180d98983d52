import { ChangeReport, shortName } from "./events";
import { findInCluster, type ClusterFinder } from "./live-objects";
import { releaseStaleLocks } from "./locks";
import { expires } from "./login";
import { endAbandoned } from "./runs";
import type { Session, StackContext } from "./session";
import { type Deployment, type PendingOperation, readState, type StateResource } from "./state";

/** What is to be done about the operations that an interrupted update left pending. */
export interface PendingPlan {
  /** Created, but never noted: taken into the state with the ID given. */
  adopt: { resource: StateResource; id: string; outputs: Record<string, unknown> }[];
  /** Begun, and never came to be: forgotten, the program creates them again. */
  forget: string[];
  /** Changed half-way: their real state is asked for. */
  reread: string[];
}

/**
 * Makes sure that nobody else changes the stack: ends what a killed command of ours left running, and releases the locks
 * of dead processes.
 *
 * @throws UserError if somebody else holds the stack
 */
export async function claim({ stack, backend, progress }: StackContext): Promise<void> {
  await endAbandoned(stack, progress);
  for (const { pid, timestamp } of releaseStaleLocks(stack, backend))
    progress
      .step(`released the lock of process ${pid}, which died`)
      .done(timestamp === "" ? "" : `of ${timestamp}`);
}

/**
 * Settles what an interrupted update left open: what it was creating is taken over if it exists, and forgotten if not.
 * Needs the cluster. Costs nothing if the last update ended well.
 *
 * @throws UserError if the state is damaged
 */
export async function settle(session: Session): Promise<void> {
  const { stack, settings, variables, progress, engine } = session;
  const known = readState(stack, variables);
  if (known !== undefined && known.pending.length === 0) return;
  const { document, state } = await engine.export();
  if (state.pending.length === 0) return;
  const step = progress.step(`settling ${state.pending.length} interrupted operation(s)`);
  const plan = await planPending(state, await findInCluster(state.resources));
  await engine.import({ ...document, deployment: settled(document.deployment, state, plan) });
  for (const { id } of plan.adopt) step.update(`taken over: ${id}`);
  step.done(
    `${plan.adopt.length} taken over, ${plan.forget.length} to be made again, ${plan.reread.length} read again`,
  );
  const urns = [...plan.adopt.map(({ resource }) => resource.urn), ...plan.reread];
  if (urns.length === 0) return;
  const report = new ChangeReport(
    `reading the real state of ${urns.map(shortName).join(", ")}`,
    progress,
  );
  await engine.refresh(report.onEvent, urns, expires(settings.target, state.resources));
  report.done();
}

/** Decides for each pending operation; pure but for what `find` does. */
export async function planPending(state: Deployment, find: ClusterFinder): Promise<PendingPlan> {
  const plan: PendingPlan = { adopt: [], forget: [], reread: [] };
  const present = new Set(state.resources.map(({ urn }) => urn));
  const seen = new Set<string>();
  for (const { type, resource } of state.pending) {
    if (seen.has(resource.urn)) continue;
    seen.add(resource.urn);
    const found = isCreation(type) && !present.has(resource.urn) ? await find(resource) : undefined;
    if (found !== undefined) plan.adopt.push({ resource, ...found });
    else if (present.has(resource.urn)) plan.reread.push(resource.urn);
    else plan.forget.push(resource.urn);
  }
  return plan;
}

/** The deployment with what was adopted among its resources, and nothing pending. */
export function settled(
  deployment: Record<string, unknown>,
  state: Deployment,
  plan: PendingPlan,
): Record<string, unknown> {
  const adopted = plan.adopt.map(({ resource, id, outputs }) => ({ ...resource, id, outputs }));
  return { ...deployment, resources: [...state.resources, ...adopted], pending_operations: [] };
}

function isCreation(type: PendingOperation["type"]): boolean {
  return type === "creating" || type === "importing";
}
