import { UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { type Progress, terminalProgress } from "../local/progress";
import { backendLocation, fileBackend, prepareBackend, type Variables } from "./backend";
import { Engine } from "./engine";
import { removeCutSidecars } from "./sidecars";
import { chooseStack, readStackSettings, type StackSettings } from "./stack";
import { stateFile } from "./state";
import { ensureTools, toolEnvironment } from "../local/toolchain/index";

/** What a command that works on a stack needs. */
export interface Session {
  stack: string;
  settings: StackSettings;
  progress: Progress;
  /** PATH with the toolchain, backend, passphrase: what `modelport env` prints. */
  variables: Variables;
  engine: Engine;
}

/** The stack a command means, and what is known of it without any tool. */
export interface StackContext {
  stack: string;
  settings: StackSettings;
  progress: Progress;
  /** Where its state is: {@link backendLocation}. */
  backend: Variables;
}

/** Says which stack was chosen and why, if none was asked for. @param asked value of `--stack` */
export async function openStack(asked: string | undefined): Promise<StackContext> {
  const { context, reason } = await findStack(asked);
  if (reason !== undefined) process.stderr.write(`stack ${context.stack}: ${reason}\n`);
  return context;
}

async function findStack(
  asked: string | undefined,
): Promise<{ context: StackContext; reason: string | undefined }> {
  const progress = terminalProgress();
  const { name, reason } = await chooseStack(asked);
  const settings = readStackSettings(name);
  return { context: { stack: name, settings, progress, backend: backendLocation() }, reason };
}

/** Makes sure that Pulumi and what it needs are there. */
export async function openSession(context: StackContext): Promise<Session> {
  const { stack, settings, progress } = context;
  const variables = { ...(await toolEnvironment({ progress })), ...prepareBackend(stack) };
  const directory = fileBackend(variables["PULUMI_BACKEND_URL"] ?? "");
  if (directory !== undefined) removeCutSidecars(directory, stack);
  const { pulumi } = await ensureTools(["pulumi"], { progress });
  const engine = new Engine({
    pulumi: pulumi.bin["pulumi"] ?? "pulumi",
    cwd: repositoryRoot(),
    stack,
    variables,
  });
  return { stack, settings, progress, variables, engine };
}

/** Whether the stack was ever made; for backends that aren't files it is asked for. */
export async function stackExists({ stack, variables, engine }: Session): Promise<boolean> {
  if (fileBackend(variables["PULUMI_BACKEND_URL"] ?? "") !== undefined)
    return stateFile(stack, variables) !== undefined;
  return engine.exists();
}

/** For commands that look at a stack: never creates one. @throws UserError if it was never brought up */
export async function openExisting(asked: string | undefined): Promise<Session> {
  const { context } = await findStack(asked);
  const { stack, backend } = context;
  const isFile = fileBackend(backend["PULUMI_BACKEND_URL"] ?? "") !== undefined;
  if (isFile && stateFile(stack, backend) === undefined) throw notUp(stack);
  const session = await openSession(context);
  if (!(await stackExists(session))) throw notUp(stack);
  return session;
}

function notUp(stack: string): UserError {
  return new UserError(`stack ${stack} is not up`, {
    why: "it was never brought up here, or was taken away",
    fix: `npm run up -- --stack ${stack}`,
  });
}
