import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../local/errors";
import { fileBackend, type Variables } from "./backend";

/** Pulumi's name for this project, as in Pulumi.yaml. */
export const PROJECT = "modelport";

/** How `pulumi stack export --show-secrets` marks a secret; `plaintext` is JSON. */
const SECRET_KEY = "4dabf18193072939515e22adb298388d";

/** A resource as Pulumi's checkpoint holds it; what the CLI looks at. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  custom?: boolean;
  /** Pulumi refuses to delete it. */
  protect?: boolean;
  /** It was deleted, and is to be made anew. */
  pendingReplacement?: boolean;
  /** It was replaced, or is of no use: the next update deletes it. */
  delete?: boolean;
  provider?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

export interface PendingOperation {
  type: "creating" | "updating" | "deleting" | "reading" | "importing";
  resource: StateResource;
}

/** A deployment as `pulumi stack export` prints it and the file backend stores it. */
export interface Deployment {
  resources: StateResource[];
  pending: PendingOperation[];
}

/** Of what is replaced and was deleted for that, the state keeps a memory until the new one is there. */
export const isThere = ({ pendingReplacement }: StateResource) => pendingReplacement !== true;

/** @returns the checkpoint of a stack in a file backend; undefined if there is none, or another kind of backend */
export function stateFile(stack: string, variables: Variables): string | undefined {
  const directory = fileBackend(variables["PULUMI_BACKEND_URL"] ?? "");
  if (directory === undefined) return undefined;
  const file = path.join(directory, ".pulumi", "stacks", PROJECT, `${stack}.json`);
  return [file, `${file}.gz`, `${file}.zst`].find((candidate) => fs.existsSync(candidate));
}

/** Every stack the file backend holds, of any project. */
export function stacksInBackend(variables: Variables): string[] {
  const directory = fileBackend(variables["PULUMI_BACKEND_URL"] ?? "");
  if (directory === undefined) return [];
  const stacks = path.join(directory, ".pulumi", "stacks");
  if (!fs.existsSync(stacks)) return [];
  return fs
    .readdirSync(stacks, { recursive: true, encoding: "utf8" })
    .flatMap((file) => /^(.+)\.json(\.gz|\.zst)?$/.exec(file)?.[1] ?? [])
    .sort();
}

/**
 * The stack's state from the file backend, without starting `pulumi`.
 *
 * @returns undefined if there is none, or it is compressed or in another kind of backend
 * @throws UserError for a file that was cut off or is no checkpoint; names the backup
 */
export function readState(stack: string, variables: Variables): Deployment | undefined {
  const file = stateFile(stack, variables);
  if (file?.endsWith(".json") !== true) return undefined;
  try {
    const { checkpoint } = JSON.parse(fs.readFileSync(file, "utf8")) as {
      checkpoint: { latest?: unknown };
    };
    return toDeployment(checkpoint.latest);
  } catch (error) {
    throw damaged(stack, file, error as Error);
  }
}

/** @param latest a deployment, version 3; absent for a stack that was never updated */
export function toDeployment(latest: unknown): Deployment {
  const { resources, pending_operations: pending } = (latest ?? {}) as {
    resources?: StateResource[];
    pending_operations?: PendingOperation[];
  };
  return { resources: resources ?? [], pending: pending ?? [] };
}

/** The plain value of what an export marks as secret, at any depth. */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (SECRET_KEY in record && typeof record["plaintext"] === "string")
    return JSON.parse(record["plaintext"]);
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, reveal(inner)]));
}

function damaged(stack: string, file: string, error: Error): UserError {
  const backup = `${file}.bak`;
  return new UserError(`the state of stack ${stack} is damaged`, {
    why: `${file}: ${error.message}`,
    fix: isJson(backup)
      ? `cp ${backup} ${file}   # the state before the last change; then run this again`
      : `there is no usable backup beside it; delete the file and remove by hand what the stack made`,
  });
}

function isJson(file: string): boolean {
  try {
    JSON.parse(fs.readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
