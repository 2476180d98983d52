import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../cloud";
import type { Values } from "../values";
import { LoadBalancers } from "./load-balancers";

/** How often Google's controllers look into the cluster. */
const PERIOD_MS = 400;

/** Something of Google's that runs in a cluster's control plane. */
export interface Controller {
  /** Makes the cloud what the cluster's objects say. */
  reconcile(): Promise<void>;
  /** The cluster goes: what the controller keeps from being deleted is let go, what it made in the cloud stays. */
  abandon(): Promise<void>;
}

interface Running {
  readonly controllers: readonly Controller[];
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

let running: Running | undefined;

/** @param cluster its inputs, with its id */
export function startControllers(cloud: Cloud, cluster: Values): void {
  const controllers = [new LoadBalancers(cloud, cluster)];
  const stop = new AbortController();
  running = { controllers, stop, ended: run(cloud, controllers, stop.signal) };
}

async function run(
  cloud: Cloud,
  controllers: readonly Controller[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const controller of controllers)
      await controller
        .reconcile()
        .catch((error: unknown) => cloud.log(`controller: ${String(error)}`));
    await sleep(PERIOD_MS);
  }
}

/** Of a cluster that goes. */
export async function stopControllers(cloud: Cloud): Promise<void> {
  const controllers = running?.controllers ?? [];
  await pauseControllers();
  for (const controller of controllers)
    await controller.abandon().catch((error: unknown) => cloud.log(`controller: ${String(error)}`));
}

/** Of a cloud that goes; its state has what they need to go on. */
export async function pauseControllers(): Promise<void> {
  running?.stop.abort();
  await running?.ended;
  running = undefined;
}
