import * as fs from "node:fs";
import * as path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { cacheDir, repositoryRoot, stateDir } from "../../local/paths";
import type { Progress } from "../../local/progress";
import { fileBackend, ownBackend, passphraseFile, type Variables } from "../backend";
import { DESTROY_PATIENCE, destroy } from "../destroy";
import { isRented, requireCloud } from "../doctor/cloud";
import { forgetRecord, isOfLostCluster, othersInCluster, ownsCluster } from "../embedded";
import { requireSeen } from "../inventory/control";
import { heldIn, Memory } from "../inventory/memory";
import { PROOF_PATIENCE, proveEmpty, type Waiting } from "../inventory/proof";
import { lookAtStack } from "../inventory/stack";
import { claim, settle } from "../recovery";
import { openSession, openStack, type Session, type StackContext, stackExists } from "../session";
import { PROJECT, readState, stacksInBackend, stateFile } from "../state";
import { readClusterInfo, startCluster, stopCluster } from "../../local/cluster/index";
import { clusterDir } from "../../local/cluster/info";
import { purgeCache } from "../../local/toolchain/index";

export function registerDown(program: Command): void {
  program
    .command("down")
    .summary("take a stack away, with its cluster and everything made for it")
    .description(
      "Takes a stack away: its resources in a cloud, its state, the embedded cluster if no other stack is in it, and the files made on this machine.\nThen asks the cloud itself for what is left; if there is anything, fails with a list and the commands that remove it.\nThe tool cache stays, so that the next `up` is quick. Other stacks stay.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--purge", "remove the tool cache and the compiled program too")
    .option("--patience <minutes>", "how long to wait for what a cloud releases late", minutes, 10)
    .option("--no-inventory", "don't ask the cloud whether anything is left")
    .action(down);
}

/** @throws InvalidArgumentError, which the parser tells */
function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0))
    throw new InvalidArgumentError("It is a number, 0 or more.");
  return value;
}

interface DownOptions {
  stack?: string;
  purge?: true;
  /** Whether the cloud is asked what is left. */
  inventory: boolean;
  /** Minutes. */
  patience: number;
}

async function down(options: DownOptions): Promise<void> {
  const context = await openStack(options.stack);
  const removed = [
    await removeStack(context, options),
    removeMachineState(context),
    options.purge === true && purge(context.progress),
  ];
  if (!removed.includes(true)) process.stderr.write("nothing to take away\n");
}

/** @returns whether there was one */
async function removeStack(context: StackContext, options: DownOptions): Promise<boolean> {
  const { stack, settings, backend, progress } = context;
  const isFile = fileBackend(backend["PULUMI_BACKEND_URL"] ?? "") !== undefined;
  if (isFile && stateFile(stack, backend) === undefined) return removeForgotten(context, options);
  if (isRented(settings.target)) await requireCloud(context);
  await claim(context);
  const session = await openSession(context);
  if (!(await stackExists(session))) return removeForgotten(context, options);
  const isOwn = ownsCluster(settings.target);
  const goes = isOwn && othersInCluster(stack).length === 0;
  const isLost = isOwn && isOfLostCluster(stack);
  const isStopped = isOwn && !clusterRuns();
  if (isLost || (goes && isStopped)) {
    const step = progress.step(`forgetting stack ${stack}`);
    await session.engine.remove();
    step.done(
      isLost
        ? "its cluster is gone, and everything in it"
        : "its cluster doesn't run, and goes with everything in it",
    );
  } else {
    // What the stack has in a cluster that stays can only be taken out of it while it runs.
    if (isStopped) await startCluster({ progress });
    await settle(session, { insist: options.inventory });
    const memory = await remembered(session, options);
    const patience = { ...DESTROY_PATIENCE, totalMs: milliseconds(options) };
    await destroy(session, patience, memory, undefined, goes);
    // A stack of which something is left stays known, empty: the next `down` asks again.
    if (!isOwn) await prove(context, options, memory);
    await session.engine.remove();
    if (isStopped) await stopCluster({ progress });
  }
  forgetRecord(stack);
  await stopOwnCluster(context);
  return true;
}

/**
 * What proves afterwards that nothing is left, from before anything is removed.
 *
 * @throws UserError if what the state holds is not to be seen
 */
async function remembered(session: Session, options: DownOptions): Promise<Memory> {
  const { stack, settings, variables, engine, progress } = session;
  const { resources } = readState(stack, variables) ?? (await engine.export()).state;
  const memory = new Memory(heldIn(resources, settings.target === "existing"));
  if (!options.inventory || memory.held.length === 0) return memory;
  const step = progress.step("asking what there is");
  try {
    const inventory = await lookAtStack(session, memory);
    requireSeen(stack, memory.held, inventory);
    step.done(`${inventory.found.length} in ${inventory.where}`);
    return memory;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** Of a stack without state there may be things in a cloud all the same: the state was lost, or is somewhere else. */
async function removeForgotten(context: StackContext, options: DownOptions): Promise<boolean> {
  const { target } = context.settings;
  if (isRented(target))
    await prove(context, options, new Memory(), { ...PROOF_PATIENCE, totalMs: 0 }).catch(
      (error: unknown) => {
        // With such a config it can't have been up.
        if (!(error instanceof UserError) || error.exitCode !== ExitCode.usage) throw error;
        process.stderr.write(`no cloud was asked: ${error.message}\n`);
      },
    );
  forgetRecord(context.stack);
  const existed = await stopOwnCluster(context);
  if (ownsCluster(target) && clusterRuns())
    process.stderr.write(
      `warning: stack ${context.stack} has no state; had it something in the cluster, it is still there: kubectl get namespaces\n`,
    );
  return existed;
}

/** @throws UserError with what is left, and how it is removed */
async function prove(
  context: StackContext,
  options: DownOptions,
  memory: Memory,
  patience: Waiting = PROOF_PATIENCE,
): Promise<void> {
  if (!options.inventory) return;
  const totalMs = Math.min(patience.totalMs, milliseconds(options));
  const look = () => lookAtStack(context, memory);
  await proveEmpty(context.stack, look, context.progress, { ...patience, totalMs });
}

const milliseconds = ({ patience }: DownOptions) => patience * 60_000;

function clusterRuns(): boolean {
  return readClusterInfo() !== undefined;
}

/** Unless other stacks are in it. @returns whether there was something of it */
async function stopOwnCluster({ stack, settings, progress }: StackContext): Promise<boolean> {
  if (!ownsCluster(settings.target) || !fs.existsSync(clusterDir())) return false;
  const others = othersInCluster(stack);
  if (others.length > 0) {
    progress.step("kept the embedded cluster").done(`in it: ${others.join(", ")}`);
    return false;
  }
  await stopCluster({ progress, remove: true });
  return true;
}

/** Everything that is nobody else's: files in the checkout, and the state directory unless another stack lives in it. */
function removeMachineState({ stack, backend, progress }: StackContext): boolean {
  const user = usersOfState(stack, backend);
  const scratch = path.join(repositoryRoot(), ".modelport");
  const ours = user === undefined ? scratch : path.join(scratch, "contexts", stack);
  const existed = fs.existsSync(ours);
  fs.rmSync(ours, { recursive: true, force: true });
  if (!fs.existsSync(stateDir())) return existed;
  const clusters = path.join(stateDir(), "clusters");
  if (user !== undefined) {
    progress.step(`kept ${stateDir()}`).done(user);
    return existed;
  }
  const hasCluster = fs.existsSync(clusters) && fs.readdirSync(clusters).length > 0;
  const removed = removeAllBut(stateDir(), [passphraseFile(), ...(hasCluster ? [clusters] : [])]);
  if (hasCluster)
    progress.step(`kept ${clusters}`).done("a cluster is in it: npm run cli -- cluster stop");
  if (removed && fs.existsSync(passphraseFile()))
    progress.step(`kept ${passphraseFile()}`).done("it opens secrets in your Pulumi.*.yaml");
  return existed || removed;
}

/** @returns who else may live in the state directory, in a sentence; undefined where nobody does */
function usersOfState(stack: string, backend: Variables): string | undefined {
  const own = { PULUMI_BACKEND_URL: ownBackend() };
  const folder = (variables: Variables) =>
    path.resolve(fileBackend(variables["PULUMI_BACKEND_URL"] ?? "") ?? "elsewhere");
  if (folder(backend) !== folder(own))
    return "stacks of the backend at PULUMI_BACKEND_URL may use it";
  const inCluster = othersInCluster(stack).map((other) => `${PROJECT}/${other}`);
  const others = [...new Set([...stacksInBackend(own), ...inCluster])];
  return others.length === 0 ? undefined : `it holds ${others.join(", ")}`;
}

/** @returns whether anything else was there */
function removeAllBut(folder: string, keep: readonly string[]): boolean {
  const files = fs.readdirSync(folder).map((entry) => path.join(folder, entry));
  const doomed = files.filter((file) => !keep.includes(file));
  for (const file of doomed) fs.rmSync(file, { recursive: true, force: true });
  if (doomed.length === files.length) fs.rmdirSync(folder);
  return doomed.length > 0;
}

function purge(progress: Progress): boolean {
  fs.rmSync(path.join(repositoryRoot(), "dist"), { recursive: true, force: true });
  if (!fs.existsSync(cacheDir())) return false;
  const step = progress.step(`removing the tool cache ${cacheDir()}`);
  purgeCache();
  step.done();
  return true;
}
