import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { FrontArgs, Target } from "../../../../infra/targets/target";
import type { Ran } from "./mocks";

export type Inputs = Record<string, unknown>;

/** In a program: a target's cluster, what it knows of images, and with `front` what leads to one service. */
export function provisioned(target: Target, stack: string, front?: Partial<FrontArgs>) {
  const cluster = target.provision(stack);
  const { images } = cluster;
  const parent = new pulumi.ComponentResource("modelport:index:InferenceService", "iris");
  const args: FrontArgs = {
    service: "iris",
    namespace: "modelport-prod",
    stack,
    exposure: "LoadBalancer",
    internal: false,
    health: { path: "/readyz", port: 8080 },
    parent,
    dependsOn: [],
  };
  const { dependsOn = [], ...made } = (front && cluster.front?.({ ...args, ...front })) ?? {};
  return {
    kubeconfig: cluster.kubeconfig,
    images,
    repository: images.repository("iris"),
    front: made,
    before: dependsOn.map(({ urn }) => urn),
  };
}

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
