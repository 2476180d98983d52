import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { z } from "zod";
import type { StackConfig } from "../../infra/config/schema";
import { readContext } from "../../infra/kubeconfig";
import { physicalName } from "../../infra/naming";
import { capture, which } from "../shell";
import { namespacesOf } from "./existing";
import { lookAt, type Inventory } from "./found";
import { kubernetesInventory } from "./kubernetes";

const TIMEOUT_MS = 60_000;

/** No such profile: pkg/minikube/reason/exitcodes.go */
const PROFILE_NOT_FOUND = 85;

const node = z.object({ Host: z.string() });
const status = z.union([node, z.array(node).transform(([first]) => first)]);

/** The profile of a stack; of one that is the user's, what the stack left in it. */
export async function minikubeInventory(
  stack: string,
  { minikube, services }: Extract<StackConfig, { target: "minikube" }>,
): Promise<Inventory> {
  const where = "minikube";
  const profile = minikube.profile ?? physicalName(["modelport", stack]);
  const find = async () => {
    const host = await hostOf(profile);
    if (host === undefined) return [];
    const remove = `minikube delete --profile ${profile}`;
    return [{ kind: "profile", name: profile, place: "this machine", detail: host, remove }];
  };
  if (minikube.profile === undefined) return lookAt(where, [{ kinds: "profiles", find }]);
  if ((await hostOf(profile)) === undefined)
    return lookAt(where, [{ kinds: "profiles", find: () => Promise.resolve([]) }]);
  const file =
    process.env["KUBECONFIG"]?.split(path.delimiter)[0] ?? path.join(homedir(), ".kube", "config");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const context = await readContext(text, profile);
  return kubernetesInventory(stack, { context, namespaces: namespacesOf(stack, services) });
}

/** @returns what minikube says of its machine; undefined where there is no such profile */
async function hostOf(profile: string): Promise<string | undefined> {
  const minikube = which("minikube");
  if (minikube === undefined) throw new Error("minikube is not on PATH");
  const words = ["status", "--profile", profile, "--output", "json"];
  const { code, stdout, stderr } = await capture(minikube, words, TIMEOUT_MS);
  if (code === PROFILE_NOT_FOUND) return undefined;
  try {
    return status.parse(JSON.parse(stdout))?.Host ?? "of unknown state";
  } catch {
    throw new Error(`minikube ${words.join(" ")} ended with ${code}: ${stderr.trim()}`);
  }
}
