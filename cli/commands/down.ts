import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { UserError } from "../../local/errors";
import { cacheDir, repositoryRoot, stateDir } from "../../local/paths";
import type { Progress } from "../../local/progress";
import { fileBackend, ownBackend, passphraseFile } from "../backend";
import { isRented, requireCloud } from "../doctor/cloud";
import { forgetRecord, ownsCluster } from "../embedded";
import { EngineError } from "../engine";
import { ChangeReport } from "../events";
import { expires } from "../login";
import { afterFailedDestroy, refuseProtected } from "../protection";
import { claim, settle } from "../recovery";
import { openSession, openStack, type Session, type StackContext, stackExists } from "../session";
import { stacksInBackend, stateFile } from "../state";
import { readClusterInfo, stopCluster } from "../../local/cluster/index";
import { clusterDir } from "../../local/cluster/info";
import { purgeCache } from "../../local/toolchain/index";

export function registerDown(program: Command): void {
  program
    .command("down")
    .summary("take a stack away, with its cluster and everything made for it")
    .description(
      "Takes a stack away: its resources in a cloud, its state, the embedded cluster, and the files made on this machine.\nThe tool cache stays, so that the next `up` is quick. Other stacks stay.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--purge", "remove the tool cache and the compiled program too")
    .action(down);
}

async function down(options: { stack?: string; purge?: true }): Promise<void> {
  const context = await openStack(options.stack);
  const removed = [
    await removeStack(context),
    removeMachineState(context),
    options.purge === true && purge(context.progress),
  ];
  if (!removed.includes(true)) process.stderr.write("nothing to take away\n");
}

/** @returns whether there was one */
async function removeStack(context: StackContext): Promise<boolean> {
  const { stack, settings, backend, progress } = context;
  const isFile = fileBackend(backend["PULUMI_BACKEND_URL"] ?? "") !== undefined;
  if (isFile && stateFile(stack, backend) === undefined) return stopOwnCluster(context);
  if (isRented(settings.target)) await requireCloud(context);
  await claim(context);
  const session = await openSession(context);
  if (!(await stackExists(session))) return stopOwnCluster(context);
  if (ownsCluster(settings.target) && !clusterRuns()) {
    const step = progress.step(`forgetting stack ${stack}`);
    await session.engine.remove();
    step.done("its cluster doesn't run, and goes with everything in it");
  } else {
    await settle(session);
    await destroy(session);
    await session.engine.remove();
  }
  forgetRecord(stack);
  await stopOwnCluster(context);
  return true;
}

/** @returns whether the login to the cluster is to be made anew first. @throws UserError if the cluster is protected */
async function needsLogin({ stack, settings, engine }: Session): Promise<boolean> {
  if (!isRented(settings.target)) return false;
  const { state } = await engine.export();
  refuseProtected(stack, settings.target, state.resources);
  return expires(settings.target, state.resources);
}

/** All resources of a stack, of an own cluster as far as it lets them go. @throws UserError where something is left, or protected */
export async function destroy(session: Session): Promise<void> {
  const { stack, settings, progress, engine } = session;
  const newLogin = await needsLogin(session);
  const report = new ChangeReport(`pulumi destroy, stack ${stack}`, progress);
  try {
    await engine.destroy(report.onEvent, newLogin);
    report.done();
  } catch (error) {
    report.fail();
    if (!(error instanceof EngineError)) throw error;
    const why = [...report.summary.errors, error.output].filter((text) => text !== "").join("\n");
    if (ownsCluster(settings.target)) {
      process.stderr.write(`${why}\nremoving the cluster with everything in it instead\n`);
      return;
    }
    throw new UserError(`stack ${stack} could not be taken away`, {
      why,
      fix: afterFailedDestroy(stack, why),
    });
  }
}

function clusterRuns(): boolean {
  return readClusterInfo() !== undefined;
}

/** @returns whether there was something of it */
async function stopOwnCluster({ settings, progress }: StackContext): Promise<boolean> {
  if (!ownsCluster(settings.target)) return false;
  const existed = fs.existsSync(clusterDir());
  if (existed) await stopCluster({ progress, remove: true });
  return existed;
}

/** Everything that is nobody else's: files in the checkout, and the state directory unless another stack lives in it. */
function removeMachineState({ stack, progress }: StackContext): boolean {
  const others = stacksInBackend({ PULUMI_BACKEND_URL: ownBackend() });
  const scratch = path.join(repositoryRoot(), ".modelport");
  const ours = others.length > 0 ? path.join(scratch, "contexts", stack) : scratch;
  const existed = fs.existsSync(ours);
  fs.rmSync(ours, { recursive: true, force: true });
  if (!fs.existsSync(stateDir())) return existed;
  const clusters = path.join(stateDir(), "clusters");
  if (others.length > 0) {
    progress.step(`kept ${stateDir()}`).done(`it holds ${others.join(", ")}`);
    return existed;
  }
  if (fs.existsSync(clusters) && fs.readdirSync(clusters).length > 0) {
    progress.step(`kept ${clusters}`).done("a cluster is in it: npm run cli -- cluster stop");
    return existed;
  }
  const removed = removeAllBut(stateDir(), passphraseFile());
  if (removed && fs.existsSync(passphraseFile()))
    progress.step(`kept ${passphraseFile()}`).done("it opens secrets in your Pulumi.*.yaml");
  return existed || removed;
}

/** @returns whether anything else was there */
function removeAllBut(folder: string, keep: string): boolean {
  const files = fs.readdirSync(folder).map((entry) => path.join(folder, entry));
  const doomed = files.filter((file) => file !== keep);
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
