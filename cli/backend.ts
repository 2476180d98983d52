import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { stateDir } from "../local/paths";

export type Variables = Record<string, string>;

/** Stacks that live on the user's own machine share one published passphrase; it protects nothing. */
const LOCAL_STACKS: readonly string[] = ["local", "dev"];
const LOCAL_PASSPHRASE = "modelport-local";

/** Where Pulumi keeps state; what the user has set wins. @returns PULUMI_BACKEND_URL, PULUMI_HOME, PULUMI_SKIP_UPDATE_CHECK */
export function backendLocation(user: NodeJS.ProcessEnv = process.env): Variables {
  return {
    PULUMI_BACKEND_URL: user["PULUMI_BACKEND_URL"] ?? ownBackend(),
    PULUMI_HOME: user["PULUMI_HOME"] ?? path.join(stateDir(), "pulumi-home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/**
 * How Pulumi opens a stack's secrets: what the user has set, but for local stacks, whose encryption salt is committed
 * and fits one passphrase only. Makes a passphrase where there is none yet.
 *
 * @returns PULUMI_CONFIG_PASSPHRASE, or nothing where the user's own applies
 */
export function passphraseVariables(
  stack: string,
  user: NodeJS.ProcessEnv = process.env,
): Variables {
  if (LOCAL_STACKS.includes(stack)) return { PULUMI_CONFIG_PASSPHRASE: LOCAL_PASSPHRASE };
  const chosen = user["PULUMI_CONFIG_PASSPHRASE"] ?? user["PULUMI_CONFIG_PASSPHRASE_FILE"];
  return chosen === undefined ? { PULUMI_CONFIG_PASSPHRASE: ownPassphrase() } : {};
}

/** The passphrase that {@link passphraseVariables} would give, where there is one; makes none. */
export function knownPassphrase(
  stack: string,
  user: NodeJS.ProcessEnv = process.env,
): string | undefined {
  if (LOCAL_STACKS.includes(stack)) return LOCAL_PASSPHRASE;
  const given = user["PULUMI_CONFIG_PASSPHRASE"];
  if (given !== undefined) return given;
  const file = user["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? passphraseFile();
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : undefined;
}

/** The backend used where the user has chosen none. */
export function ownBackend(): string {
  return `file://${path.join(stateDir(), "pulumi")}`;
}

/** Makes the backend's folder, for us alone. @returns everything `pulumi` needs to use it */
export function prepareBackend(stack: string): Variables {
  const location = backendLocation();
  const directory = fileBackend(location["PULUMI_BACKEND_URL"] ?? "");
  fs.mkdirSync(stateDir(), { recursive: true, mode: 0o700 });
  if (directory !== undefined) fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return { ...location, ...passphraseVariables(stack) };
}

/** @returns the folder of a `file://` backend, undefined for every other kind */
export function fileBackend(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const location = url.slice("file://".length).split("?")[0] ?? "";
  if (location === "~" || location.startsWith("~/"))
    return path.join(process.env["HOME"] ?? "", location.slice(1));
  return path.isAbsolute(location) ? fileURLToPath(`file://${location}`) : path.resolve(location);
}

export function passphraseFile(): string {
  return path.join(stateDir(), "passphrase");
}

/** Made once; losing it would lose every secret encrypted with it. */
function ownPassphrase(): string {
  const file = passphraseFile();
  if (!fs.existsSync(file)) {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const complete = `${file}.${process.pid}`;
    fs.writeFileSync(complete, randomBytes(24).toString("base64url"), { mode: 0o600 });
    try {
      fs.linkSync(complete, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      fs.rmSync(complete);
    }
  }
  return fs.readFileSync(file, "utf8").trim();
}
