import { UserError } from "../local/errors";
import { findInCloud, isMadeBeside } from "./cloud-objects";
import { OutOfReach } from "./cluster-access";
import { CLUSTER_IS_GONE, isClusterGone, isToldGone } from "./destroy";
import { isRented } from "./doctor/cloud";
import { type Engine, EngineError } from "./engine";
import { ChangeReport, shortName } from "./events";
import { type Inventory, once } from "./inventory/found";
import { heldIn, Memory } from "./inventory/memory";
import { lookAtStack } from "./inventory/stack";
import { findInCluster, type Finder } from "./live-objects";
import { releaseStaleLocks } from "./locks";
import { expires } from "./login";
import { type Find, nothing, type PendingPlan, planPending, settled } from "./recovery-plan";
import { endAbandoned } from "./runs";
import type { Session, StackContext } from "./session";
import { type Deployment, readState, type StateResource } from "./state";

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

/** How the cloud is asked. */
export interface Asking {
  /** What the cloud holds. Default: it is asked. */
  readonly look?: () => Promise<Inventory>;
  /** Default: where the cloud does not tell, nothing is done. Else what was being made there is forgotten, with a warning. */
  readonly insist?: boolean;
}

/**
 * Settles what an interrupted update left open: what it was creating is taken over if it exists, and forgotten if not.
 * Needs the cluster, unless the cloud says that it is gone, and the cloud. Costs nothing if the last update ended well.
 *
 * @throws UserError if the state is damaged, or the cluster or the cloud does not tell
 */
export async function settle(session: Session, asking: Asking = {}): Promise<void> {
  const { stack, variables, engine } = session;
  const known = readState(stack, variables);
  if (known !== undefined && isAtRest(known)) return;
  const exported = await engine.export();
  if (isAtRest(exported.state)) return;
  const urns = unread(exported.state);
  const held = heldIn(exported.state.resources);
  const { look = () => lookAtStack(session, new Memory(held)), insist = true } = asking;
  const cloud = { look, insist, isClusterGone: once(() => isClusterGone(look, held)) };
  if (exported.state.pending.length > 0) {
    const { document, state, plan } = await plannedInReach(session, exported, cloud);
    await engine.import({ ...document, deployment: settled(document.deployment, state, plan) });
    urns.push(...plan.adopt.map(({ resource }) => resource.urn), ...plan.reread);
  }
  if (urns.length > 0) await reread(session, urns, exported.state, cloud);
}

interface Cloud extends Required<Asking> {
  readonly isClusterGone: () => Promise<boolean>;
}

const isAtRest = (state: Deployment) => state.pending.length === 0 && unread(state).length === 0;

/** What was taken over from a cloud by its ID alone, in a run that was cut off before it was read. */
export const unread = ({ resources }: Deployment): string[] =>
  resources
    .filter(
      ({ type, custom, outputs }) =>
        custom === true && !type.startsWith("pulumi:") && isEmpty(outputs),
    )
    .map(({ urn }) => urn);

const isEmpty = (outputs: object = {}) => Object.keys(outputs).length === 0;

type Exported = Awaited<ReturnType<Engine["export"]>>;

/** Plans; if the cluster refuses the state's login, with a new one. */
async function plannedInReach(
  session: Session,
  { document, state }: Exported,
  cloud: Cloud,
): Promise<Exported & { plan: PendingPlan }> {
  try {
    return { document, state, plan: await planned(session, state, cloud) };
  } catch (error) {
    if (!(error instanceof OutOfReach) || error.reason !== "login") throw error;
  }
  await renewLogin(session, state);
  const renewed = await session.engine.export();
  // Of what is pending the engine has kept what was being created, and no more.
  const whole = { ...renewed.state, pending: state.pending };
  const { document: anew } = renewed;
  return { document: anew, state: whole, plan: await planned(session, whole, cloud) };
}

async function planned(
  { stack, settings, progress }: Session,
  state: Deployment,
  { look, insist, isClusterGone: isGone }: Cloud,
): Promise<PendingPlan> {
  const step = progress.step(`settling ${state.pending.length} interrupted operation(s)`);
  const unseen: string[] = [];
  try {
    const waiting = (text: string): void => step.update(text);
    const inCluster = await findInCluster(state.resources, waiting);
    const rented = isRented(settings.target);
    const finders = [
      // The user's word counts for silence only: who refuses a login is there, unless the cloud says otherwise.
      unlessGone(
        inCluster,
        async (reason) => (reason === "silence" && isToldGone()) || (rented && (await isGone())),
      ),
    ];
    let findBeside: Find = nothing;
    if (rented) {
      const give = insist ? undefined : (what: string) => unseen.push(what);
      const inCloud = findInCloud(stack, state.resources, look, { waiting, give });
      finders.push(inCloud);
      findBeside = (resource) => (isMadeBeside(resource) ? inCloud(resource) : nothing());
    }
    const find: Find = (resource) => firstFound(finders, resource);
    const plan = await planPending(state, find, findBeside);
    step.done(
      `${plan.adopt.length} taken over, ${plan.forget.length} to be made again, ${plan.reread.length} read again`,
    );
    for (const what of unseen) process.stderr.write(`perhaps left in the cloud: ${what}\n`);
    return plan;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** In a cluster that the cloud, or the user, says is gone there is nothing. */
function unlessGone(
  find: Finder,
  isGone: (reason: OutOfReach["reason"]) => Promise<boolean>,
): Finder {
  return async (resource) => {
    try {
      return await find(resource);
    } catch (error) {
      if (error instanceof OutOfReach && (await isGone(error.reason))) return undefined;
      throw error;
    }
  };
}

async function renewLogin({ progress, engine }: Session, { resources }: Deployment): Promise<void> {
  const report = new ChangeReport("logging in to the cluster anew", progress);
  const providers = resources.filter(({ type }) => type === "pulumi:providers:kubernetes");
  await engine
    .renewLogin(
      report.onEvent,
      providers.map(({ urn }) => urn),
    )
    .catch((error: unknown) => failed(report, error));
  report.done();
}

async function firstFound(finders: readonly Find[], resource: StateResource) {
  for (const find of finders) {
    const found = await find(resource);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function reread(
  { settings, progress, engine }: Session,
  urns: readonly string[],
  { resources }: Deployment,
  { isClusterGone: isGone }: Cloud,
): Promise<void> {
  const title = `reading the real state of ${urns.map(shortName).join(", ")}`;
  const report = new ChangeReport(title, progress);
  try {
    await engine.refresh(report.onEvent, urns, expires(settings.target, resources));
    report.done();
  } catch (error) {
    const inCluster = isRented(settings.target) && urns.some((urn) => urn.includes("kubernetes:"));
    if (!(error instanceof EngineError) || !inCluster || !(isToldGone() || (await isGone())))
      return failed(report, error);
    report.fail();
    const again = new ChangeReport(`${title}, of a cluster that is gone`, progress);
    await engine
      .refresh(again.onEvent, urns, false, CLUSTER_IS_GONE)
      .catch((reason: unknown) => failed(again, reason));
    again.done();
  }
}

function failed(report: ChangeReport, error: unknown): never {
  report.fail();
  throw error instanceof EngineError ? readingFailed(report.summary.errors, error) : error;
}

function readingFailed(errors: readonly string[], { output }: EngineError): UserError {
  return new UserError("what an interrupted update has left can't be read", {
    why: [...errors, output].filter((text) => text !== "").join("\n"),
    fix: "mend that and run the same command again; it reads it anew",
  });
}
