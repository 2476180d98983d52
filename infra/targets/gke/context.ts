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
const MAX_CLUSTER_NAME_LENGTH = 40;

/** Likewise of service accounts: https://docs.cloud.google.com/iam/docs/service-accounts-create */
const MAX_ACCOUNT_LENGTH = 30;

export const baseName = (stack: string, maxLength?: number) =>
  physicalName(["modelport", stack], maxLength);

export const clusterName = (stack: string) => baseName(stack, MAX_CLUSTER_NAME_LENGTH);

/** Of the nodes' service account. */
export const nodeAccountId = (stack: string) => baseName(stack, MAX_ACCOUNT_LENGTH);

export const nodeAccountEmail = ({ project }: GkeConfig, stack: string) =>
  `${nodeAccountId(stack)}@${project}.iam.gserviceaccount.com`;

/** Of a service's balancer: each kind has a name of its own, so that a service that changes sides gets the new one before it gives up the old one. */
export const addressName = (stack: string, service: string, internal = false) =>
  physicalName(["modelport", stack, service, ...(internal ? ["internal"] : [])]);

/** Tells apart what one name may mean, and is there from the beginning, as labels aren't. */
export const addressDescription = (stack: string, service: string) =>
  `Balancer of ${service}, modelport's stack ${stack}`;

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
