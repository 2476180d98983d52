import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { gke as schema, type GkeConfig } from "../../../../infra/config/targets/gke";
import { gke } from "../../../../infra/targets/gke";
import type { FrontArgs } from "../../../../infra/targets/target";
import { run, type Ran } from "./mocks";

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
  return run(
    () => {
      const cluster = gke(configOf(settings)).provision(stack);
      const { images } = cluster;
      const parent = new pulumi.ComponentResource("modelport:index:InferenceService", "iris");
      const { dependsOn = [], ...made } =
        (front && cluster.front?.({ ...frontArgs(stack, parent), ...front })) ?? {};
      return {
        kubeconfig: cluster.kubeconfig,
        images,
        repository: images.repository("iris"),
        front: made,
        before: dependsOn.map(({ urn }) => urn),
      };
    },
    { preview, config: {}, stack, state: { [CLUSTER]: clusterState } },
  );
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

const frontArgs = (stack: string, parent: pulumi.Resource): FrontArgs => ({
  service: "iris",
  namespace: "modelport-prod",
  stack,
  exposure: "LoadBalancer",
  internal: false,
  health: { path: "/readyz", port: 8080 },
  parent,
  dependsOn: [],
});

export type Inputs = Record<string, unknown>;

export function inputsOf({ resources }: Ran, type: string, name?: string): Inputs {
  const found = resources.filter(
    (resource) => resource.type === type && (name === undefined || resource.name === name),
  );
  assert.equal(found.length, 1, `one ${type} ${name ?? ""}, not ${found.length}`);
  return found[0]!.inputs;
}

export const typesOf = ({ resources }: Ran) => resources.map(({ type }) => type);

export function recordedOf({ recorded }: Ran, type: string, name: string) {
  const found = recorded.find((resource) => resource.type === type && resource.name === name);
  assert.ok(found, `${type} ${name}`);
  return found;
}
