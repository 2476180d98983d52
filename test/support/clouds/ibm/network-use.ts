import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { text } from "../values";
import { LOAD_BALANCER, NETWORK_INTERFACE, PUBLIC_GATEWAY, SUBNET } from "./tokens";
import { count, texts } from "./values";

/** What keeps a subnet, as the refusal lists it: interfaces of workers, and those of load balancers. */
export const interfacesIn = (cloud: Cloud, subnet: string): string[] => [
  ...cloud.store
    .list(NETWORK_INTERFACE)
    .filter(({ outputs }) => outputs["subnet"] === subnet && !isReleased(cloud, outputs))
    .map(({ outputs }) => `instances:${text(outputs, "instance")}`),
  ...cloud.store
    .list(LOAD_BALANCER)
    .filter(({ outputs }) => texts(outputs, "subnets").includes(subnet))
    .map(({ id }) => `load_balancers:${id}`),
];

/** Seconds at latency 1 from the end of a worker or load balancer until the network has forgotten it. */
const RELEASE_SECONDS = 60;

/** Gives a worker's interface back: the subnet knows it for some time yet. */
export function release(cloud: Cloud, held: Stored): void {
  const releasedAt = cloud.now() + RELEASE_SECONDS * 1000 * cloud.settings.latency;
  cloud.store.put({ ...held, outputs: { ...held.outputs, releasedAt } });
  cloud.later(RELEASE_SECONDS, () => cloud.store.remove(held));
}

/** Forgets what was released while nobody looked. */
export function sweepInterfaces(cloud: Cloud): void {
  for (const held of cloud.store.list(NETWORK_INTERFACE))
    if (isReleased(cloud, held.outputs)) cloud.store.remove(held);
}

function isReleased(cloud: Cloud, outputs: Stored["outputs"]): boolean {
  return count(outputs, "releasedAt", Infinity) <= cloud.now();
}

/** What a VPC still holds, the first kind of it; undefined when it is empty. */
export function whatIsIn(
  cloud: Cloud,
  vpc: string,
): { readonly kind: string; readonly ids: readonly string[] } | undefined {
  const kinds = [
    ["Subnets", SUBNET],
    ["Public Gateways", PUBLIC_GATEWAY],
    ["Load Balancers", LOAD_BALANCER],
  ] as const;
  for (const [kind, token] of kinds) {
    const ids = cloud.store
      .list(token)
      .filter(({ outputs }) => outputs["vpc"] === vpc)
      .map(({ id }) => id);
    if (ids.length > 0) return { kind, ids };
  }
  return undefined;
}
