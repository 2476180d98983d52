import * as http from "node:http";
import { UserError } from "../../local/errors";
import { configToReach } from "../secrets";
import type { StackContext } from "../session";
import type { Inventory } from "./found";
import type { Memory } from "./memory";

type Stack = Pick<StackContext, "stack" | "settings">;

/**
 * What is there of a stack, as its file describes it. Asks, and changes nothing.
 *
 * @param memory what earlier looks have learnt, to which this one adds. Default: nothing is known
 * @throws UserError for a config with faults
 */
export async function lookAtStack({ stack, settings }: Stack, memory?: Memory): Promise<Inventory> {
  const config = await configToReach(stack, settings);
  const { inventory } = await import("./index.js");
  const restore = useProxies();
  try {
    return await inventory(stack, config, memory);
  } catch (error) {
    // The program's own errors say what, why and what to do.
    if (error instanceof Error && !(error instanceof UserError)) throw new UserError(error.message);
    throw error;
  } finally {
    restore();
  }
}

/**
 * As Pulumi's providers do, which are written in Go: by HTTPS_PROXY, but never to this machine (https://pkg.go.dev/net/http#ProxyFromEnvironment).
 * Node since 24.14; before it, only directly.
 */
function useProxies(): () => void {
  if (!("setGlobalProxyFromEnv" in http)) return () => undefined;
  const excepted = process.env["NO_PROXY"] ?? process.env["no_proxy"] ?? "";
  const local = "localhost,127.0.0.1,::1";
  const NO_PROXY = excepted === "" ? local : `${excepted},${local}`;
  return http.setGlobalProxyFromEnv({ ...process.env, NO_PROXY, no_proxy: NO_PROXY });
}
