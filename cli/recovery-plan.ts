import type { CloudObject } from "./cloud-objects";
import { type Deployment, isThere, type PendingOperation, type StateResource } from "./state";

/** What is to be done about the operations that an interrupted update left pending. */
export interface PendingPlan {
  /** Created, but never noted: taken into the state with the ID given. */
  adopt: { resource: StateResource; id: string; outputs: Record<string, unknown> }[];
  /** Created likewise, but of no use to anybody: the next update deletes it. */
  discard: { resource: StateResource; id: string }[];
  /** Begun, and never came to be: forgotten, the program creates them again. */
  forget: string[];
  /** Changed half-way: their real state is asked for. */
  reread: string[];
}

/** @returns what a pending operation has made, if it is there */
export type Find = (resource: StateResource) => Promise<CloudObject | undefined>;

export const nothing = () => Promise.resolve(undefined);

/**
 * Decides for each pending operation; pure but for what `find` does.
 *
 * @param findBeside finds what was to replace a resource that is still there. Default: it finds nothing
 */
export async function planPending(
  state: Deployment,
  find: Find,
  findBeside: Find = nothing,
): Promise<PendingPlan> {
  const plan: PendingPlan = { adopt: [], discard: [], forget: [], reread: [] };
  const seen = new Set<string>();
  for (const { type, resource } of state.pending) {
    const { urn } = resource;
    if (seen.has(urn)) continue;
    seen.add(urn);
    const isNew = isCreation(type);
    const held = state.resources.filter((one) => one.urn === urn && isThere(one));
    // Pulumi reads nothing again that goes anyway.
    const isPresent = held.some((one) => one.delete !== true);
    const isOpen = type === "deleting" || isNew;
    // Of what was being deleted nothing is wanted but that it has come to its end.
    const found = isOpen ? await (isNew && isPresent ? findBeside : find)(resource) : undefined;
    if (found === undefined || (!isNew && held.length > 0))
      (isPresent ? plan.reread : plan.forget).push(urn);
    else if (found.lost === true) {
      plan.discard.push({ resource, id: found.id });
      plan.forget.push(urn);
    } else plan.adopt.push({ resource, ...found });
  }
  return plan;
}

/** The deployment with what was adopted among its resources, and nothing pending. */
export function settled(
  deployment: Record<string, unknown>,
  state: Deployment,
  plan: PendingPlan,
): Record<string, unknown> {
  const adopted = new Map(
    plan.adopt.map(({ resource, id, outputs }) => [resource.urn, { ...resource, id, outputs }]),
  );
  // In place: Pulumi refuses a state in which something stands before what it depends on.
  const resources = state.resources.flatMap((one) => {
    const made = adopted.get(one.urn);
    if (made === undefined) return [one];
    adopted.delete(one.urn);
    return isThere(one) ? [made, { ...one, delete: true }] : [made];
  });
  // With outputs: nothing of it is to be read.
  const going = plan.discard.map(({ resource, id }) => ({
    ...resource,
    ...{ id, outputs: resource.inputs, delete: true },
  }));
  return {
    ...deployment,
    resources: [...resources, ...adopted.values(), ...going],
    pending_operations: [],
  };
}

function isCreation(type: PendingOperation["type"]): boolean {
  return type === "creating" || type === "importing";
}
