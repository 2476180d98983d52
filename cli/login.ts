import type { KubeConfig } from "@kubernetes/client-node";
import { isRented } from "./doctor/cloud";
import { reveal, type StateResource } from "./state";

/**
 * Whether the state's login to a cluster in a cloud is a token, which may have expired: Pulumi deletes and reads with what the
 * state has, unless the program runs and makes it anew.
 *
 * @param resources of the stack, with their secrets in plain text
 */
export function expires(target: string, resources: readonly StateResource[]): boolean {
  if (!isRented(target)) return false;
  return resources.some(({ type, inputs }) => {
    if (type !== "pulumi:providers:kubernetes") return false;
    const { kubeconfig } = reveal(inputs ?? {}) as Record<string, unknown>;
    return typeof kubeconfig === "string" && /\btoken["']?\s*:/.test(kubeconfig);
  });
}

/**
 * The logins to clusters that the state has: newer than its outputs' where the program has run for a new login alone.
 *
 * @param resources of the stack, with their secrets in plain text
 * @returns by their providers, as resources refer to them
 */
export async function loginsIn(
  resources: readonly StateResource[],
): Promise<Map<string, KubeConfig>> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const logins = new Map<string, KubeConfig>();
  for (const { type, urn, id = "", inputs = {} } of resources) {
    if (type !== "pulumi:providers:kubernetes") continue;
    const { kubeconfig, context } = reveal(inputs) as Record<string, unknown>;
    const config = new KubeConfig();
    if (typeof kubeconfig !== "string") config.loadFromDefault();
    else if (/^\s*[{a-zA-Z][^\n]*[:{]/.test(kubeconfig) && /[\n{]/.test(kubeconfig))
      config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig);
    if (typeof context === "string") config.setCurrentContext(context);
    logins.set(`${urn}::${id}`, config);
  }
  return logins;
}
