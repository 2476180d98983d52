import type { StackConfig } from "../../infra/config/schema";
import { embeddedInventory } from "./embedded";
import { existingInventory } from "./existing";
import type { Inventory } from "./found";
import { googleInventory } from "./google";
import { ibmInventory } from "./ibm";
import { minikubeInventory } from "./minikube";

export type { Found, Inventory, Unseen } from "./found";

/** Config that is the providers' own, by full key: `gcp:credentials`. Of other types than text nothing is taken. */
export type ProviderConfig = Readonly<Record<string, unknown>>;

/**
 * What is there of a stack, wherever its target puts things; asks, and changes nothing. By what the stack's config says alone, not by
 * its state: so it finds what Pulumi never heard of, and what it has forgotten.
 *
 * @throws Error where nothing can be asked at all
 */
export function inventory(
  stack: string,
  config: StackConfig,
  provider: ProviderConfig = {},
): Promise<Inventory> {
  const own = (key: string) => {
    const value = provider[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  switch (config.target) {
    case "gke":
      return googleInventory(stack, config, {
        accessToken: own("gcp:accessToken"),
        credentials: own("gcp:credentials"),
        impersonateServiceAccount: own("gcp:impersonateServiceAccount"),
      });
    case "iks":
    case "openshift":
      return ibmInventory(stack, config, { ibmcloudApiKey: own("ibm:ibmcloudApiKey") });
    case "existing":
      return existingInventory(stack, config);
    case "minikube":
      return minikubeInventory(stack, config);
    case "embedded":
      return embeddedInventory();
  }
}
