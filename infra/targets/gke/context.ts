import type * as pulumi from "@pulumi/pulumi";
import type { GkeConfig } from "../../config/targets/gke";
import { physicalName } from "../../naming";

/** What all parts of a cluster are made with. */
export interface GkeContext {
  readonly config: GkeConfig;
  readonly stack: string;
  /** Name of what there is one of: network, router, repository. */
  readonly name: string;
  /** Of whatever takes labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Parent and provider. */
  readonly own: { readonly parent: pulumi.Resource; readonly provider: pulumi.ProviderResource };
  /** The project's APIs, enabled: what everything waits for. */
  readonly apis: readonly pulumi.Resource[];
}

/** Cluster names are shorter than others': https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters */
export const MAX_CLUSTER_NAME_LENGTH = 40;

export const baseName = (stack: string, maxLength?: number) =>
  physicalName(["modelport", stack], maxLength);

/** The nodes' zones; none of an Autopilot cluster, whose nodes are Google's. */
export function zonesOf({ mode, zones, region }: GkeConfig): readonly string[] {
  return mode === "autopilot" ? [] : (zones ?? [`${region}-b`]);
}

/** The stack's own labels win, so that everything of it can be found. */
export const labelsOf = (config: GkeConfig, stack: string): Record<string, string> => ({
  ...config.labels,
  "modelport-stack": physicalName([stack]),
  "managed-by": "pulumi",
});
