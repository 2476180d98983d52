import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { ExitCode, UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { backendLocation } from "./backend";
import { capture, which } from "./shell";
import { stateFile } from "./state";

export interface ChosenStack {
  name: string;
  /** Why this one, for people; undefined if it was asked for. */
  reason?: string;
}

export interface StackSettings {
  /** The platform kind, as in `modelport:target`. */
  target: string;
  config: Readonly<Record<string, unknown>>;
  /** Whether its secrets provider is set up: making the stack leaves its file as it is. */
  hasSalt: boolean;
  /** `encryptionsalt`, of a stack whose secrets a passphrase protects. */
  salt?: string;
}

/** How long a Docker daemon may take to answer before it counts as absent. */
const DAEMON_TIMEOUT_MS = 3000;

/**
 * `--stack`, else `$PULUMI_STACK`, else the one of `dev` and `local` that is up, else `dev` where a minikube and a
 * responding Docker daemon are there, else `local`.
 *
 * @throws UserError for a stack without a Pulumi.<stack>.yaml
 */
export async function chooseStack(asked?: string): Promise<ChosenStack> {
  const named = asked ?? process.env["PULUMI_STACK"];
  if (named !== undefined && named !== "") return known({ name: named });
  const up = ["dev", "local"].filter((name) => stateFile(name, backendLocation()));
  if (up.length === 1 && up[0] !== undefined)
    return known({ name: up[0], reason: "it exists already" });
  const missing = await missingForMinikube();
  return missing === undefined
    ? known({ name: "dev", reason: "minikube and a responding Docker daemon are there" })
    : known({ name: "local", reason: `embedded Kubernetes, because ${missing}` });
}

/** @returns what keeps minikube from being used, undefined if nothing does */
export async function missingForMinikube(): Promise<string | undefined> {
  const minikube = which("minikube");
  const docker = which("docker");
  if (minikube === undefined) return "no minikube is on PATH";
  if (docker === undefined) return "minikube is here, but no docker is on PATH";
  const [version, info] = await Promise.all([
    capture(minikube, ["version", "--short"], DAEMON_TIMEOUT_MS),
    capture(docker, ["info", "--format", "{{.ServerVersion}}"], DAEMON_TIMEOUT_MS),
  ]);
  if (version.code !== 0) return "`minikube version` fails";
  if (info.code !== 0 || info.stdout.trim() === "")
    return "minikube is here, but no Docker daemon answers";
  return undefined;
}

/** Names of the stacks this checkout has a Pulumi.<stack>.yaml for, sorted. */
export function knownStacks(root = repositoryRoot()): string[] {
  return fs
    .readdirSync(root)
    .flatMap((file) => /^Pulumi\.([\w.-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/** Reads Pulumi.<stack>.yaml. @throws UserError if it can't be read or names no target */
export function readStackSettings(stack: string, root = repositoryRoot()): StackSettings {
  const file = path.join(root, `Pulumi.${stack}.yaml`);
  const document = parseFile(file) as {
    config?: Record<string, unknown>;
    encryptionsalt?: string;
  } | null;
  const config = document?.config ?? {};
  const target = config["modelport:target"];
  if (typeof target !== "string")
    throw new UserError(`Pulumi.${stack}.yaml names no target`, {
      why: `the key modelport:target is ${target === undefined ? "missing" : "not a text"}`,
      fix: `pulumi config set target embedded --stack ${stack}   # or minikube, existing, gke, iks, openshift`,
      exitCode: ExitCode.usage,
    });
  const salt = document?.encryptionsalt;
  return { target, config, hasSalt: salt !== undefined, ...(salt === undefined ? {} : { salt }) };
}

function known(choice: ChosenStack): ChosenStack {
  const stacks = knownStacks();
  if (stacks.includes(choice.name)) return choice;
  throw new UserError(`there is no stack ${JSON.stringify(choice.name)}`, {
    why: `no file Pulumi.${choice.name}.yaml is in ${repositoryRoot()}`,
    fix: `take one of: ${stacks.join(", ")}; or write that file`,
    exitCode: ExitCode.usage,
  });
}

function parseFile(file: string): unknown {
  try {
    return parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`${path.basename(file)} can't be read`, {
      why: (error as Error).message.split("\n", 1)[0] ?? "",
      fix: `mend ${file}`,
      exitCode: ExitCode.usage,
    });
  }
}
