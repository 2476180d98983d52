import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { apiKeyOf, hasApiKeys } from "../api-key";
import { refusedOf, wayOut } from "../causes";
import { isRented, requireCloud } from "../doctor/cloud";
import { checkEmbedded, forgetLostCluster, forgetRecord, ownsCluster } from "../embedded";
import { EngineError, KILLED } from "../engine";
import { ChangeReport, type ChangeSummary } from "../events";
import { pickService, type StackOutputs, toOutputs } from "../outputs";
import { checkConfig } from "../precheck";
import { curlLine, exampleBody, predict } from "../prediction";
import { claim, settle } from "../recovery";
import { readState } from "../state";
import { openSession, openStack, type Session, stackExists } from "../session";
import { CLUSTER_TOOLS, startCluster } from "../../local/cluster/index";
import { ensureTools } from "../../local/toolchain/index";

export function registerUp(program: Command): void {
  program
    .command("up")
    .summary("bring a stack up: cluster, image, services, a first prediction")
    .description(
      "Brings a stack up: installs what is missing, starts the cluster, builds and deploys the image, and proves it with a prediction.\nCan be run again at any time: it finishes what was interrupted and changes only what differs.",
    )
    .option("--stack <name>", "which Pulumi.<name>.yaml. Default: dev with minikube, else local")
    .option("--json", "print the outputs as JSON")
    .action(up);
}

async function up(options: { stack?: string; json?: true }): Promise<void> {
  const context = await openStack(options.stack);
  const embedded = ownsCluster(context.settings.target);
  if (embedded) await checkEmbedded();
  await checkConfig(context);
  if (isRented(context.settings.target)) await requireCloud(context);
  await claim(context);
  if (embedded) {
    await ensureTools([...CLUSTER_TOOLS, "node", "pulumi"], { progress: context.progress });
  }
  const session = await openSession(context);
  if (embedded) {
    await forgetLostCluster(session, await startCluster({ progress: session.progress }));
  }
  const isNew = !(await stackExists(session));
  if (isNew) await session.engine.init();
  else await settle(session);
  const summary = await update(session).catch(async (error: unknown) => {
    // What was refused before anything was made leaves no stack behind either.
    if (isNew && isEmpty(session)) {
      await session.engine.remove();
      forgetRecord(session.stack);
    }
    throw error;
  });
  await show(session, toOutputs(session.stack, summary.outputs ?? {}), options.json === true);
}

/** Nothing but the stack itself, which Pulumi registers first. */
function isEmpty({ stack, variables }: Session): boolean {
  const state = readState(stack, variables);
  if (state === undefined || state.pending.length > 0) return false;
  return state.resources.every(({ type }) => type === "pulumi:pulumi:Stack");
}

async function update(session: Session): Promise<ChangeSummary> {
  const { stack, progress, engine } = session;
  const report = new ChangeReport(`pulumi up, stack ${stack}`, progress);
  try {
    await engine.up(report.onEvent);
    return report.done();
  } catch (error) {
    report.fail();
    throw error instanceof EngineError ? updateFailed(session, report.summary, error) : error;
  }
}

/** A balancer that is given up keeps its address for some minutes, as clouds say it. */
const IN_USE = /resourceInUse|is already being used by/i;

export function updateFailed(
  { stack, settings }: Session,
  summary: ChangeSummary,
  error: EngineError,
): UserError {
  if (error.exitCode === KILLED)
    return new UserError(`the update of stack ${stack} was cut off`, {
      why: "something ended pulumi by a signal, for example for want of memory",
      fix: "run the same command again: it repairs what was cut off, and continues",
    });
  const causes = summary.errors.filter((text) => !/^(update|destroy) failed$/.test(text.trim()));
  const text = [...causes, error.output].filter((part) => part.trim() !== "").join("\n");
  if (/no space left on device|ENOSPC/.test(text))
    return new UserError(`stack ${stack} could not be updated`, {
      why: "the disk is full",
      fix: "free some space (`df -h` shows where) and run the same command again",
      exitCode: ExitCode.environment,
    });
  // The program's own errors already say what, why and what to do; clouds rarely do.
  const wait = IN_USE.test(text) ? "wait some minutes, until the cloud has released it" : undefined;
  const known = wayOut(text, refusedOf(stack, settings)) ?? wait;
  return new UserError(
    text === "" ? `stack ${stack} could not be updated` : text,
    known === undefined
      ? {}
      : { fix: `${known}\n       npm run up -- --stack ${stack}   # goes on where it stopped` },
  );
}

/** @param json instead of lines for people */
export async function show(session: Session, outputs: StackOutputs, json: boolean): Promise<void> {
  const [name, service] = pickService(outputs);
  const body = exampleBody(service.models[0]);
  const reachable = service.reachableFrom !== "cluster" && service.reachableFrom !== "vpc";
  const answer =
    body !== undefined && reachable
      ? await firstPrediction(session, name, service.url, body)
      : undefined;
  if (json) {
    const { target, url, image, services } = outputs;
    const prediction = asJson(answer);
    const document = { stack: session.stack, target, url, image, services, prediction };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  const lines = [`\n${service.url}   (reachable from: ${service.reachableFrom})\n`];
  if (!reachable) lines.push(`  npm run cli -- port-forward ${name}   # brings it to this machine`);
  else if (body !== undefined) {
    const needsKey = hasApiKeys(session.settings, name);
    lines.push(`  ${curlLine(service.url, body, { needsKey })}`);
  }
  if (answer !== undefined) lines.push(`  → ${answer.trim()}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The program has proven the service by itself, also where its name isn't in DNS yet: the update stands without this. */
async function firstPrediction(
  { stack, settings }: Session,
  service: string,
  url: string,
  body: string,
): Promise<string | undefined> {
  try {
    const key = apiKeyOf(stack, settings, service);
    return await predict(url, body, { key });
  } catch (error) {
    const { message, why } = error as UserError;
    const text = why === undefined ? message : `${message}: ${why}`;
    process.stderr.write(`warning: the stack is up, but no prediction was shown: ${text}\n`);
    return undefined;
  }
}

/** What isn't JSON stays the text that it is. */
function asJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
