import { type EndpointSlice, keyOf, type Route } from "../kinds";

/** `address:port` of a pod. */
export type Endpoint = `${string}:${number}`;

/**
 * Where a Route leads: the ready endpoints of its Service. A port by name is the Service's, by number the pod's.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/network_apis/route-route-openshift-io-v1 (spec.port.targetPort)
 */
export function endpointsOf(route: Route, slices: readonly EndpointSlice[]): Endpoint[] {
  const { to, port } = route.spec;
  const own = slices.filter(
    ({ metadata }) =>
      metadata.namespace === route.metadata.namespace &&
      metadata.labels?.["kubernetes.io/service-name"] === to.name,
  );
  const found = own.flatMap(({ ports, endpoints }) => {
    const wanted = port?.targetPort;
    const numbers = (ports ?? [])
      .filter((one) => wanted === undefined || one.name === wanted || one.port === wanted)
      .flatMap((one) => one.port ?? []);
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    return ready.flatMap(({ addresses }) =>
      addresses.flatMap((address) => numbers.map((number): Endpoint => `${address}:${number}`)),
    );
  });
  return [...new Set(found)].sort();
}

export interface SlotChange {
  readonly slot: number;
  /** Undefined: nobody any more. */
  readonly endpoint: Endpoint | undefined;
}

export type Slots = readonly (Endpoint | undefined)[];

/**
 * Endpoints keep their places among a backend's servers; the new ones come first into the free places, so that there is always somebody.
 * @returns undefined where there are too few places
 */
export function reassign(
  slots: Slots,
  wanted: readonly Endpoint[],
): { slots: Slots; changes: readonly SlotChange[] } | undefined {
  const next = [...slots];
  const added: SlotChange[] = [];
  for (const endpoint of wanted.filter((one) => !slots.includes(one))) {
    const free = next.indexOf(undefined);
    if (free === -1) return undefined;
    next[free] = endpoint;
    added.push({ slot: free, endpoint });
  }
  const removed = slots.flatMap((endpoint, slot): SlotChange[] =>
    endpoint === undefined || wanted.includes(endpoint) ? [] : [{ slot, endpoint: undefined }],
  );
  for (const { slot } of removed) next[slot] = undefined;
  return { slots: next, changes: [...added, ...removed] };
}

const SPARE = 4;

/** Places for twice as many pods, as a rollout may have, and some more. */
export function freshSlots(wanted: readonly Endpoint[]): Slots {
  const spare = Array.from({ length: wanted.length + SPARE }, () => undefined);
  return [...wanted, ...spare];
}

export const backendName = (route: Route): string => `be_${keyOf(route).replace("/", ":")}`;
