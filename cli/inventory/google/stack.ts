import type { StackConfig } from "../../../infra/config/schema";
import type { GkeConfig } from "../../../infra/config/targets/gke";
import { stackNamespace } from "../../../infra/naming";
import {
  addressDescription,
  addressName,
  baseName,
  clusterName,
  labelsOf,
  nodeAccountEmail,
} from "../../../infra/targets/gke/context";

/** By what a stack's things on Google Cloud are known, as its config alone tells it. */
export interface GoogleStack {
  readonly stack: string;
  readonly project: string;
  readonly config: GkeConfig;
  /** Of network, subnetwork and router. */
  readonly name: string;
  readonly cluster: string;
  /** Of addresses, in case that their labels were not yet set. */
  readonly addresses: readonly { readonly name: string; readonly description: string }[];
  /** Value of the label `modelport-stack`. */
  readonly label: string;
  /** Email of the nodes' service account. */
  readonly account: string;
  /** The namespace that bears the stack's name; others may be in other clusters too. */
  readonly namespace: string;
  /** Hosts whose names the stack's own records lead to its Ingresses. */
  readonly hosts: readonly string[];
}

export function googleStack(
  stack: string,
  { gke: config, services }: Extract<StackConfig, { target: "gke" }>,
): GoogleStack {
  return {
    stack,
    project: config.project,
    config,
    name: baseName(stack),
    cluster: clusterName(stack),
    addresses: Object.keys(services).flatMap((service) =>
      [false, true].map((internal) => ({
        name: addressName(stack, service, internal),
        description: addressDescription(stack, service),
      })),
    ),
    label: labelsOf(config, stack)["modelport-stack"] ?? "",
    account: nodeAccountEmail(config, stack),
    namespace: stackNamespace(stack),
    hosts: Object.values(services).flatMap(({ exposure, host }) =>
      exposure === "Ingress" && host !== undefined ? [host] : [],
    ),
  };
}
