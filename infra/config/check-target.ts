import { checkGpuPool } from "./check-gpu-pool";
import { serviceDrafts } from "./drafts";
import { PROJECT, removeCommand, type FaultContext, type Values } from "./faults";
import type { TargetName } from "./schema";
import { EXPOSURES, type Exposure } from "./service";
import { checkExisting } from "./targets/check-existing";
import { checkGke } from "./targets/check-gke";
import { checkIks } from "./targets/check-iks";
import { checkOpenShift } from "./targets/check-openshift";
import type { Fault } from "../errors";

/**
 * What a target's own schema can't say: which keys go together, and which a service may have there.
 * @param values the stack's config as it was read, defaults left out; drafts.ts reads it
 */
export type TargetCheck = (values: Values, context: FaultContext) => Fault[];

const CHECKS: Readonly<Partial<Record<TargetName, TargetCheck>>> = {
  existing: checkExisting,
  gke: checkGke,
  iks: checkIks,
  openshift: checkOpenShift,
};

/** What a target can do at all; what a cluster can do is known when it is asked. */
export const POSSIBLE_EXPOSURES: Readonly<Record<TargetName, readonly Exposure[]>> = {
  embedded: ["NodePort", "LoadBalancer", "ClusterIP"],
  existing: EXPOSURES,
  gke: ["LoadBalancer", "Ingress", "ClusterIP"],
  iks: ["LoadBalancer", "Ingress", "NodePort", "ClusterIP"],
  minikube: ["LoadBalancer", "Ingress", "NodePort", "ClusterIP"],
  openshift: ["Route", "LoadBalancer", "NodePort", "ClusterIP"],
};

/** Faults of the stack's target; none where its name is wrong, which the schema tells. */
export function checkTarget(values: Values, context: FaultContext): Fault[] {
  const { target } = values;
  const possible = Object.entries(POSSIBLE_EXPOSURES).find(([name]) => name === target)?.[1];
  if (possible === undefined) return [];
  const check = Object.entries(CHECKS).find(([name]) => name === target)?.[1];
  return [
    ...exposureFaults(possible, values, context),
    ...(check?.(values, context) ?? []),
    ...checkGpuPool(values, context),
  ];
}

function exposureFaults(
  possible: readonly Exposure[],
  values: Values,
  { stack }: FaultContext,
): Fault[] {
  const impossible = EXPOSURES.filter((exposure) => !possible.includes(exposure));
  return serviceDrafts(values).flatMap(([name, { exposure }]) =>
    impossible.some((word) => word === exposure)
      ? [exposureFault(name, String(exposure), String(values["target"]), possible, stack)]
      : [],
  );
}

/** An exposure that is a right word, but not here. */
export function exposureFault(
  service: string,
  exposure: string,
  target: string,
  possible: readonly Exposure[],
  stack: string,
): Fault {
  const key = `${PROJECT}:services.${service}.exposure`;
  return {
    key,
    got: `"${exposure}", on target ${target}`,
    allowed: `one of ${possible.join(", ")}; without the key: the target's own`,
    fix: removeCommand(key, stack),
  };
}
