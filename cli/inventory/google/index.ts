import type { StackConfig } from "../../../infra/config/schema";
import { lookAt, type Inventory } from "../found";
import { Memory } from "../memory";
import { GoogleApi } from "./api";
import { clusterLook } from "./clusters";
import { computeOf } from "./compute";
import { googleLogin } from "./credentials";
import { recordLooks } from "./records";
import { bindingLook, accountLook } from "./accounts";
import { repositoryLooks } from "./repositories";
import { googleStack } from "./stack";

/** What Google Cloud holds of a stack. The APIs that the stack enabled stay, and don't count: others may have come to use them. */
export async function googleInventory(
  name: string,
  config: Extract<StackConfig, { target: "gke" }>,
  env: NodeJS.ProcessEnv = process.env,
  memory: Memory = new Memory(),
): Promise<Inventory> {
  const stack = googleStack(name, config);
  const api = new GoogleApi(stack.project, googleLogin(stack.project, env), env);
  const clusters = clusterLook(api, stack);
  const compute = computeOf(api, stack, memory, async () => (await clusters.find()).length > 0);
  const inventory = await lookAt(`Google Cloud, project ${stack.project}`, [
    clusters,
    ...recordLooks(api, stack, compute.addresses),
    ...compute.looks,
    ...repositoryLooks(api, stack),
    bindingLook(api, stack),
    accountLook(api, stack),
  ]);
  return { ...inventory, scope: stack.project };
}
