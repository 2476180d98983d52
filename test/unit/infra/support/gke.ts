import { gke as schema, type GkeConfig } from "../../../../infra/config/targets/gke";
import { gke } from "../../../../infra/targets/gke";
import type { FrontArgs } from "../../../../infra/targets/target";
import { type Inputs, provisioned } from "./cloud-target";
import { run } from "./mocks";

export const PROJECT = "my-project-123";
export const CLUSTER = "gcp:container/cluster:Cluster";
export const POOL = "gcp:container/nodePool:NodePool";
export const DNS_ENDPOINT = "gke-0123456789-000000000000.us-central1.gke.goog";

export const configOf = (settings: Record<string, unknown> = {}): GkeConfig =>
  schema.parse({ project: PROJECT, ...settings });

interface Options {
  readonly settings?: Record<string, unknown>;
  readonly front?: Partial<FrontArgs>;
  readonly preview?: boolean;
  readonly stack?: string;
}

/** What a stack of this config registers; with `front`, that of one service too. */
export function provision({ settings, front, preview = false, stack = "prod" }: Options = {}) {
  return run(() => provisioned(gke(configOf(settings)), stack, front), {
    preview,
    config: {},
    stack,
    state: { [CLUSTER]: clusterState },
  });
}

/** What only Google knows. */
const clusterState = ({ controlPlaneEndpointsConfig }: Inputs): Inputs => ({
  endpoint: "192.0.2.10",
  masterAuth: { clusterCaCertificate: "PGNlcnRpZmljYXRlPg==" },
  controlPlaneEndpointsConfig: {
    ...(controlPlaneEndpointsConfig as object),
    dnsEndpointConfig: { endpoint: DNS_ENDPOINT },
  },
});
