import { lookAt, type Inventory } from "../found";
import type { KubernetesPlace } from "./api";
import { clusterWideLook } from "./cluster-wide";
import { namespaceLook } from "./namespaces";

export type { KubernetesPlace } from "./api";

/** What a cluster that stays holds of a stack. Everything else of it is in its namespaces, and goes with them. */
export async function kubernetesInventory(
  stack: string,
  place: KubernetesPlace,
): Promise<Inventory> {
  const inventory = await lookAt(`the cluster of context ${place.context.name}`, [
    namespaceLook(stack, place),
    clusterWideLook(stack, place),
  ]);
  return { ...inventory, scope: place.context.name };
}
