import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { isOpenShift } from "./cluster-rules";
import { Ingresses } from "./ingresses";
import { startRouter } from "./router";
import { ServiceBalancers } from "./services";

interface Controller {
  stop(): Promise<void> | void;
}

/** By the cluster's ID. */
const running = new Map<string, readonly Controller[]>();

/** What works for a cluster from now on: balancers of Services, and its Ingress or its router. */
export async function startControllers(cluster: Stored, cloud: Cloud): Promise<void> {
  if (running.has(cluster.id)) return;
  const services = new ServiceBalancers(cluster, cloud);
  services.start();
  if (isOpenShift(cluster.inputs)) {
    running.set(cluster.id, [services, await startRouter(cluster, cloud)]);
    return;
  }
  const ingresses = new Ingresses(cluster, cloud);
  ingresses.start();
  running.set(cluster.id, [services, ingresses]);
}

export async function stopControllers({ id }: Pick<Stored, "id">): Promise<void> {
  const controllers = running.get(id) ?? [];
  running.delete(id);
  for (const controller of controllers) await controller.stop();
}

export async function stopAllControllers(): Promise<void> {
  for (const id of [...running.keys()]) await stopControllers({ id });
}
