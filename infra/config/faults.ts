import { TARGET_NAMES } from "./target-names";
import type { Fault } from "../errors";

export const PROJECT = "modelport";

/** Config keys of the project: `modelport:<key>`. */
export const SECTIONS: readonly string[] = ["target", "services", "images", ...TARGET_NAMES];

/** A committed stack file's values that only say where one's own belong. */
export const PLACEHOLDER = /^<[a-z][^<>]*>$/i;

export type Values = Record<string, unknown>;

/** What faults are told with. */
export interface FaultContext {
  readonly stack: string;
  readonly values: Values;
  /** Whether a section holds a secret: its values are not shown. */
  readonly secret: (section: string) => boolean;
  /** What is a secret within the sections, by its keys joined by NUL; undefined where only that of a section is known. */
  readonly secretPaths?: ReadonlySet<string> | undefined;
}

/** `<your registry>` in a committed stack file. */
export function placeholders(
  value: unknown,
  context: FaultContext,
  path: readonly string[] = [],
): Fault[] {
  if (typeof value === "string" && PLACEHOLDER.test(value)) {
    const key = keyOf(path);
    const got = context.secret(path[0] ?? "") ? "a placeholder" : `the placeholder ${value}`;
    const fix = setCommand(key, "<value>", context.stack, isSecretPath(path));
    return [{ key, got, allowed: "your own value", fix }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    placeholders(child, context, [...path, key]),
  );
}

/** One fault a key; a placeholder says more than the pattern it breaks. */
export function unique(faults: readonly Fault[]): Fault[] {
  const byKey = new Map<string, Fault>();
  for (const fault of faults)
    if (!byKey.has(fault.key) || fault.got.includes("placeholder")) byKey.set(fault.key, fault);
  return [...byKey.values()];
}

/** Values that must be set with --secret; * is a name that the user chose. */
const SECRET_PATHS = [
  "existing.registry.password",
  "services.*.apiKeys.*",
  "services.*.build.git.credentials.token",
  "services.*.build.git.credentials.sshKey",
  // A level short it is a mistake, but no less a secret.
  "services.*.secrets.*",
  "services.*.secrets.*.*",
  "services.*.tls.key",
];

/** Values that may be: what they come to is kept secret too. */
const CLOSED_PATHS = [
  ...SECRET_PATHS,
  "existing.kubeconfig",
  "services.*.build.git.credentials.user",
  "services.*.tls.certificate",
  "services.*.tls.caCertificate",
];

/** Whether a value must be set with --secret, and is never shown. */
export const isSecretPath = (path: readonly string[]) => isOneOf(SECRET_PATHS, path);

/** Whether a value may be set with --secret: elsewhere it would be written in plain. */
export const isClosedPath = (path: readonly string[]) => isOneOf(CLOSED_PATHS, path);

const isOneOf = (patterns: readonly string[], path: readonly string[]) =>
  patterns.some((pattern) => {
    const parts = pattern.split(".");
    return (
      parts.length === path.length && parts.every((part, at) => part === "*" || part === path[at])
    );
  });

/** As `pulumi config --path` spells it: numbers are places in a list, and what isn't plain is quoted. */
export function keyOf(path: readonly string[]): string {
  const [first = "", ...rest] = path;
  return `${PROJECT}:${first}${rest.map(step).join("")}`;
}

/** https://www.pulumi.com/docs/iac/concepts/config/#structured-configuration */
function step(part: string): string {
  if (/^\d+$/.test(part)) return `[${part}]`;
  return /^[\w-]+$/.test(part) ? `.${part}` : `["${part.replaceAll('"', '\\"')}"]`;
}

export function setCommand(key: string, value: string, stack: string, secret = false): string {
  const command = secret ? "pulumi config set --secret" : "pulumi config set";
  const text = /^[\w./:-]+$/.test(value) ? value : quoted(value);
  return [command, place(key), ...(secret ? [] : [text]), "--stack", stack].join(" ");
}

export function removeCommand(key: string, stack: string): string {
  return `pulumi config rm ${place(key)} --stack ${stack}`;
}

const place = (key: string) => (/[.[]/.test(key) ? `--path ${quoted(key)}` : key);

/** For a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
