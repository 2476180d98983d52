import { secretOpener } from "./secrets";
import type { StackSettings } from "./stack";
import { holdsSecret, type OpenSecret } from "./stack-config";

/**
 * A key of the service: the one given, else of the environment, else the first of the stack's file.
 *
 * @param given value of --key
 * @returns undefined for a service without keys
 * @throws UserError when the file's can't be opened
 */
export function apiKeyOf(
  stack: string,
  settings: StackSettings,
  service: string,
  given?: string,
): string | undefined {
  const key = given ?? process.env["MODELPORT_API_KEY"];
  if (key !== undefined && key !== "") return key;
  const [first] = keysOf(settings, service);
  if (!holdsSecret(first)) return undefined;
  const open: OpenSecret = secretOpener(stack, settings);
  return open((first as { secure: string }).secure);
}

/** Whether a service asks for a key, be it closed here. */
export const hasApiKeys = (settings: StackSettings, service: string) =>
  keysOf(settings, service).length > 0;

function keysOf({ config }: StackSettings, service: string): unknown[] {
  const services = config["modelport:services"] as
    Record<string, { apiKeys?: Record<string, unknown> } | undefined> | undefined;
  return Object.values(services?.[service]?.apiKeys ?? {});
}
