import { UserError } from "../../local/errors";
import { secretOpener } from "../secrets";
import type { StackContext } from "../session";
import { checkedConfig, holdsSecret, openedValue } from "../stack-config";
import type { Inventory } from "./found";

type Stack = Pick<StackContext, "stack" | "settings">;

/** Config that is the providers' own, and not the program's. */
const PROVIDERS = /^(?:gcp|ibm):/;

/** What is there of a stack, as its file describes it. Asks, and changes nothing. @throws UserError for a config with faults */
export async function lookAtStack({ stack, settings }: Stack): Promise<Inventory> {
  const open = secretOpener(stack, settings);
  const { kubeconfig } = (settings.config["modelport:existing"] ?? {}) as { kubeconfig?: unknown };
  // Of all that the program's config may keep secret, only this says where to look.
  const config = await checkedConfig(
    settings.config,
    stack,
    holdsSecret(kubeconfig) ? open : undefined,
  );
  const provider = Object.fromEntries(
    Object.entries(settings.config)
      .filter(([key]) => PROVIDERS.test(key))
      .map(([key, value]) => [key, openedValue(value, open)]),
  );
  const { inventory } = await import("./index.js");
  try {
    return await inventory(stack, config, provider);
  } catch (error) {
    // The program's own errors say what, why and what to do.
    if (error instanceof Error && !(error instanceof UserError)) throw new UserError(error.message);
    throw error;
  }
}
