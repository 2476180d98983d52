import type { StackConfig } from "../../infra/config/schema";
import { stackNamespace, physicalName } from "../../infra/naming";
import { findContext, readKubeconfig } from "../../infra/targets/existing/reach";
import type { Inventory } from "./found";
import { kubernetesInventory } from "./kubernetes";

/** What the cluster holds that a stack was given. Images that were pushed to the user's registry stay, as config says nothing of their end. */
export async function existingInventory(
  stack: string,
  { existing, services }: Extract<StackConfig, { target: "existing" }>,
): Promise<Inventory> {
  // What the program calls its stack, in the commands that it advises.
  process.env["PULUMI_NODEJS_STACK"] = stack;
  const { text, origin } = readKubeconfig(existing);
  const context = await findContext(text, origin, existing);
  const isFile = existing.kubeconfig !== undefined && !existing.kubeconfig.includes("\n");
  return kubernetesInventory(stack, {
    context,
    ...(isFile ? { kubeconfig: origin } : {}),
    namespaces: namespacesOf(stack, services),
  });
}

/** With those of builds in the cluster. */
export function namespacesOf(stack: string, services: StackConfig["services"]): string[] {
  const names = Object.values(services).map(({ namespace }) => namespace ?? stackNamespace(stack));
  return [...new Set(names.flatMap((name) => [name, physicalName([name, "builds"])]))];
}
