import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import type { StackConfig } from "../infra/config/schema";
import type { ServiceConfig } from "../infra/config/service";
import { ExitCode, UserError } from "../local/errors";
import { knownPassphrase } from "./backend";
import type { StackSettings } from "./stack";
import { checkedConfig, checkedServices, holdsSecret, type OpenSecret } from "./stack-config";

/** Of Pulumi's passphrase secrets (sdk/go/common/resource/config/crypt.go, pkg/secrets/passphrase). */
const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const TAG_BYTES = 16;

/**
 * Opens the secrets of Pulumi.<stack>.yaml as the engine would, for commands that run without one. The key is derived when the first
 * secret is met, which takes a third of a second.
 */
export function secretOpener(stack: string, { salt }: StackSettings): OpenSecret {
  let key: Buffer | undefined;
  return (sealed) => {
    key ??= deriveKey(stack, salt);
    try {
      return open(sealed, key);
    } catch {
      throw closed(stack, "the passphrase is not the one they were made with");
    }
  };
}

/**
 * The services of a stack with their secrets opened; $MODELPORT_API_KEY stands for every API key, and all else stays closed. What the stack's target is, and
 * whether that can be reached, does not matter.
 *
 * @throws UserError with all faults of their config
 */
export async function servicesOf(
  stack: string,
  settings: StackSettings,
): Promise<Readonly<Record<string, ServiceConfig>>> {
  const { "modelport:target": target, "modelport:services": services } = settings.config;
  const config = {
    ...(target === undefined ? {} : { "modelport:target": target }),
    ...(services === undefined ? {} : { "modelport:services": services }),
  };
  const key = process.env["MODELPORT_API_KEY"];
  if (key === undefined || key === "")
    return checkedServices(config, stack, secretOpener(stack, settings));
  const closed = await checkedServices(config, stack);
  return Object.fromEntries(
    Object.entries(closed).map(([name, service]) => {
      const holders = Object.keys(service.apiKeys).map((holder) => [holder, key]);
      return [name, { ...service, apiKeys: Object.fromEntries(holders) as Record<string, string> }];
    }),
  );
}

/**
 * A stack's config for who asks the cluster: of all that it may keep secret, only existing.kubeconfig says where that is.
 *
 * @throws UserError with all faults, or where that secret can't be opened
 */
export function configToReach(stack: string, settings: StackSettings): Promise<StackConfig> {
  const { kubeconfig } = (settings.config["modelport:existing"] ?? {}) as { kubeconfig?: unknown };
  const open = holdsSecret(kubeconfig) ? secretOpener(stack, settings) : undefined;
  return checkedConfig(settings.config, stack, open);
}

function deriveKey(stack: string, stackSalt: string | undefined): Buffer {
  const [, salt] = stackSalt?.split(":") ?? [];
  if (salt === undefined)
    throw closed(stack, "another service than a passphrase protects them: its secrets provider");
  const passphrase = knownPassphrase(stack);
  if (passphrase === undefined) throw closed(stack, "no passphrase is known here");
  return pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), ITERATIONS, KEY_BYTES, "sha256");
}

/** `v1:<nonce>:<ciphertext and tag>`, AES-256-GCM. */
function open(sealed: string, key: Buffer): string {
  const [version, nonce = "", text = ""] = sealed.split(":");
  if (version !== "v1") throw new Error(`unknown kind of secret: ${version ?? ""}`);
  const bytes = Buffer.from(text, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([
    decipher.update(bytes.subarray(0, -TAG_BYTES)),
    decipher.final(),
  ]).toString();
}

function closed(stack: string, why: string): UserError {
  return new UserError(`the secrets of stack ${stack} can't be opened`, {
    why,
    fix: "set PULUMI_CONFIG_PASSPHRASE; or give the API key itself, in MODELPORT_API_KEY",
    exitCode: ExitCode.environment,
  });
}
