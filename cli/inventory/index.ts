import type { StackConfig } from "../../infra/config/schema";
import { embeddedInventory } from "./embedded";
import { existingInventory } from "./existing";
import type { Inventory } from "./found";
import { googleInventory } from "./google";
import { ibmInventory } from "./ibm";
import type { Memory } from "./memory";
import { minikubeInventory } from "./minikube";

export type { Found, Inventory, Unseen } from "./found";

/** Config that is the providers' own, by full key: `gcp:credentials`. Of other types than text nothing is taken. */
export type ProviderConfig = Readonly<Record<string, unknown>>;

/**
 * What is there of a stack, wherever its target puts things; asks, and changes nothing. By what the stack's config says, not by
 * its state: so it finds what Pulumi never heard of, and what it has forgotten.
 *
 * @param memory what earlier looks have learnt, to which this one adds. Default: nothing is known
 * @throws Error where nothing can be asked at all
 */
export function inventory(
  stack: string,
  config: StackConfig,
  provider: ProviderConfig = {},
  memory?: Memory,
): Promise<Inventory> {
  const own = (key: string) => {
    const value = provider[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  switch (config.target) {
    case "gke":
      return googleInventory(
        stack,
        config,
        {
          accessToken: own("gcp:accessToken"),
          credentials: own("gcp:credentials"),
          impersonateServiceAccount: own("gcp:impersonateServiceAccount"),
        },
        process.env,
        memory,
      );
    case "iks":
    case "openshift":
      return ibmInventory(
        stack,
        config,
        { ibmcloudApiKey: own("ibm:ibmcloudApiKey") },
        process.env,
        memory,
      );
    case "existing":
      return existingInventory(stack, config);
    case "minikube":
      return minikubeInventory(stack, config);
    case "embedded":
      return embeddedInventory();
  }
}
