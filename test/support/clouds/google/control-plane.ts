import { setTimeout as sleep } from "node:timers/promises";
import { ApiEndpoint } from "../api-endpoint";
import type { Cloud } from "../cloud";
import type { Values } from "../values";
import { Ingresses } from "./ingresses";
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
  readonly endpoint: ApiEndpoint;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

let running: Running | undefined;

/**
 * Starts what a cluster's control plane is beside the embedded one's.
 * @param cluster its inputs, with its id
 * @param host where its API was before. Default: it is new
 * @returns host and port of its API
 */
export async function startControlPlane(
  cloud: Cloud,
  cluster: Values,
  host?: string,
): Promise<string> {
  const endpoint = await ApiEndpoint.open(cloud.kubernetes, host);
  const controllers = [new LoadBalancers(cloud, cluster), new Ingresses(cloud, cluster)];
  const stop = new AbortController();
  running = { controllers, endpoint, stop, ended: run(cloud, controllers, stop.signal) };
  return endpoint.host;
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
export async function stopControlPlane(cloud: Cloud): Promise<void> {
  const controllers = running?.controllers ?? [];
  await pauseControlPlane();
  for (const controller of controllers)
    await controller.abandon().catch((error: unknown) => cloud.log(`controller: ${String(error)}`));
}

/** Of a cloud that goes; its state has what they need to go on. */
export async function pauseControlPlane(): Promise<void> {
  running?.endpoint.close();
  running?.stop.abort();
  await running?.ended;
  running = undefined;
}
