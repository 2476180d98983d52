import { getMap, getString, type KubeObject } from "../object";

/** The query for pods (or ReplicaSets) a workload selects. */
export function matchLabels(workload: KubeObject): Record<string, string> {
  const labels = getMap(workload, "spec", "selector", "matchLabels");
  const terms = Object.keys(labels).map((key) => `${key}=${getString(labels, key)}`);
  return terms.length === 0 ? {} : { labelSelector: terms.join(",") };
}
