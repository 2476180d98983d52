/** What a stack asks of others before it begins: the cluster that it goes to, the daemon that builds. */
import { ExitCode, UserError } from "../../local/errors";
import { configToReach } from "../secrets";
import type { StackContext } from "../session";
import { which } from "../shell";
import { checkedServices } from "../stack-config";
import type { Finding } from "./finding";

type Stack = Pick<StackContext, "stack" | "settings">;

/** Whether a cluster that exists can be reached, and what it says of itself. */
export async function existingCluster({ stack, settings }: Stack): Promise<Finding> {
  const name = "cluster";
  // What the program calls its stack, in the commands that it advises.
  process.env["PULUMI_NODEJS_STACK"] = stack;
  try {
    const { createTarget } = await import("../../infra/targets/index.js");
    const { capabilities } = await createTarget(await configToReach(stack, settings));
    return { name, state: "good", detail: `answers; ${capabilities.exposures.join(", ")}` };
  } catch (error) {
    if (error instanceof UserError) return notLookedFor(name, error);
    if (!(error instanceof Error)) throw error;
    return {
      name,
      state: "missing",
      detail: error.message.replace(/\n\s*fix:[\s\S]*/, "").replace(/\n\s*why: /, ": "),
      fix: /\n\s*fix: (.*)/.exec(error.message)?.[1] ?? "check the kubeconfig and the network",
    };
  }
}

/** Faults of the config are a finding of their own; secrets that stay closed are none yet. */
function notLookedFor(name: string, { message, why, fix, exitCode }: UserError): Finding {
  if (exitCode === ExitCode.usage) return { name, state: "optional", detail: "not looked for" };
  const detail = why === undefined ? message : `${message}: ${why}`;
  return { name, state: "missing", detail, ...(fix === undefined ? {} : { fix }) };
}

/** Who builds the images of a stack that has no cluster on this machine. */
export async function imageBuilder({ stack, settings }: Stack): Promise<Finding> {
  const name = "image builder";
  const { checkDockerDaemon } = await import("../../infra/components/docker-daemon.js");
  try {
    const services = Object.values(await checkedServices(settings.config, stack));
    if (services.some(({ build }) => build?.git !== undefined) && which("git") === undefined)
      return {
        name,
        state: "missing",
        detail: "git is not on PATH: commits of build.git are looked up with it",
        fix: "install git",
      };
    if (services.every(({ image, build }) => image !== undefined || build?.git !== undefined))
      return { name, state: "good", detail: "nothing is built here" };
    const { dockerHost } = (settings.config[`modelport:${settings.target}`] ?? {}) as {
      dockerHost?: string;
    };
    await checkDockerDaemon(dockerHost);
    return { name, state: "good", detail: "a Docker daemon answers" };
  } catch (error) {
    // Faults of the config are a finding of their own.
    if (error instanceof UserError) return { name, state: "optional", detail: "not looked for" };
    return {
      name,
      state: "missing",
      detail: "no Docker daemon answers, and images have to be built",
      fix: "start Docker, or name a daemon that runs: DOCKER_HOST=unix:///path/of/docker.sock",
    };
  }
}
