/**
 * Which values of a stack are secrets. Pulumi's runtime tells it of a section as a whole (`PULUMI_CONFIG_SECRET_KEYS`); the stack's
 * file, where each of them stands as `secure: …`, tells it of every value.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { isRecord } from "./drafts";
import {
  isClosedPath,
  isSecretPath,
  keyOf,
  PROJECT,
  removeCommand,
  setCommand,
  type FaultContext,
} from "./faults";
import type { Fault } from "../errors";

/** One path as a text. */
export const pathText = (keys: readonly string[]) => keys.join("\0");

/** As the engine writes an encrypted value. */
const isSecure = (value: unknown) => isRecord(value) && Object.keys(value).join() === "secure";

/**
 * Paths of the secrets in the stack's file.
 * @param values by section, as the engine hands them over
 * @param secret whether a section holds one, by the engine
 * @returns undefined where it can't be read, or isn't what the values come from: --config-file, an environment
 */
export async function readSecretPaths(
  root: string,
  stack: string,
  values: Readonly<Record<string, unknown>>,
  secret: (section: string) => boolean,
): Promise<ReadonlySet<string> | undefined> {
  const { parse } = await import("yaml");
  try {
    const text = fs.readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8");
    const { config } = parse(text) as { config: Readonly<Record<string, unknown>> };
    const sections = Object.entries(values).map(([section, value]) => ({
      section,
      value,
      // A section that the file doesn't have is Pulumi.yaml's default.
      written: `${PROJECT}:${section}` in config ? config[`${PROJECT}:${section}`] : value,
    }));
    const right = sections.every(
      ({ section, written, value }) =>
        hasShape(written, value) && secretPaths({ section: written }).size > 0 === secret(section),
    );
    if (!right) return undefined;
    return secretPaths(
      Object.fromEntries(sections.map(({ section, written }) => [section, written])),
    );
  } catch {
    return undefined;
  }
}

/** Paths of all `secure: …` in a config, by its sections. */
export function secretPaths(sections: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, keys: readonly string[]): void => {
    if (isSecure(value)) found.add(pathText(keys));
    else if (typeof value === "object" && value !== null)
      for (const [key, child] of Object.entries(value)) visit(child, [...keys, key]);
  };
  visit(sections, []);
  return found;
}

/** Whether a value can be what the engine made of what is written. */
function hasShape(written: unknown, value: unknown): boolean {
  if (isSecure(written)) return true;
  if (typeof written !== "object" || written === null) return !isObject(value);
  if (!isObject(value)) return false;
  const keys = Object.keys(value);
  return (
    keys.length === Object.keys(written).length &&
    Object.entries(written).every(([key, child]) => key in value && hasShape(child, value[key]))
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Plain text where a secret belongs, and secrets where they would be written in plain: into manifests, state, and previews. */
export function checkSecrets(context: FaultContext): Fault[] {
  const { secretPaths: known, values, secret, stack } = context;
  const faults: Fault[] = [];
  const visit = (value: unknown, keys: readonly string[]): void => {
    const key = keyOf(keys);
    const isSecret = known?.has(pathText(keys)) ?? false;
    if (isSecret && !isClosedPath(keys)) faults.push(openSecret(key, keys, stack));
    else if (isObject(value) && !isSecret)
      for (const [name, child] of Object.entries(value)) visit(child, [...keys, name]);
    else if (isSecretPath(keys) && !(known === undefined ? secret(keys[0] ?? "") : isSecret))
      faults.push({
        key,
        got: "plain text",
        allowed: "a secret",
        fix: setCommand(key, "", stack, true),
      });
  };
  visit(values, []);
  return faults;
}

function openSecret(key: string, [section, service]: readonly string[], stack: string): Fault {
  const secrets = `${PROJECT}:services.${service ?? "<service>"}.secrets.<folder>.<KEY>`;
  return {
    key,
    got: "a secret, where it would be written in plain",
    allowed:
      section === "services"
        ? "a value that anybody may read; a secret in `secrets`, as a file of the container"
        : "a value that anybody may read",
    fix:
      section === "services"
        ? `${removeCommand(key, stack)} && ${setCommand(secrets, "", stack, true)}`
        : setCommand(key, "<value>", stack),
  };
}
