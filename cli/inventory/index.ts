import type { StackConfig } from "../../infra/config/schema";
import { embeddedInventory } from "./embedded";
import { existingInventory } from "./existing";
import type { Inventory } from "./found";
import { googleInventory } from "./google";
import { ibmInventory } from "./ibm";
import type { Memory } from "./memory";
import { minikubeInventory } from "./minikube";

export type { Found, Inventory, Unseen } from "./found";

/**
 * What is there of a stack, wherever its target puts things; asks, and changes nothing. By what the stack's config says, not by
 * its state: so it finds what Pulumi never heard of, and what it has forgotten.
 *
 * @param memory what earlier looks have learnt, to which this one adds. Default: nothing is known
 * @throws Error where nothing can be asked at all
 */
export function inventory(stack: string, config: StackConfig, memory?: Memory): Promise<Inventory> {
  switch (config.target) {
    case "gke":
      return googleInventory(stack, config, process.env, memory);
    case "iks":
    case "openshift":
      return ibmInventory(stack, config, process.env, memory);
    case "existing":
      return existingInventory(stack, config);
    case "minikube":
      return minikubeInventory(stack, config);
    case "embedded":
      return embeddedInventory();
  }
}
