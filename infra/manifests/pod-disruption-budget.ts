import type { types } from "@pulumi/kubernetes";
import { labels, selectorLabels, type ServiceIdentity } from "./labels";

export interface PodDisruptionBudgetArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
}

/** At most one pod at a time is taken by drains. For two replicas or more: with one it would block every drain or protect nothing. */
export function podDisruptionBudget(
  args: PodDisruptionBudgetArgs,
): types.input.policy.v1.PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: {
      name: args.identity.service,
      namespace: args.namespace,
      labels: labels(args.identity),
    },
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels(args.identity) } },
  };
}
