import { getMap, type KubeObject } from "../object";

/** The query for pods (or ReplicaSets) a workload selects. */
export function matchLabels(workload: KubeObject): Record<string, string> {
  const labels = Object.entries(getMap(workload, "spec", "selector", "matchLabels"));
  if (labels.length === 0) return {};
  return { labelSelector: labels.map(([key, value]) => `${key}=${String(value)}`).join(",") };
}
