import { isRented } from "./doctor/cloud";
import { reveal } from "./live-objects";
import type { StateResource } from "./state";

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
