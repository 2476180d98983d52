/** Inputs the contract tests share. */
import type { PropertyMap } from "../../../local/providers/rpc/properties";
import { readClusterInfo } from "../../../local/cluster/info";
import { urn, type Resource } from "./plugin";

export const configMapUrn = urn("kubernetes:core/v1:ConfigMap", "settings");
export const deploymentUrn = urn("kubernetes:apps/v1:Deployment", "web");

export const configMap = (metadata: PropertyMap, data: PropertyMap = { a: "1" }): PropertyMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata,
  data,
});

/** A resource as the engine holds it after a create whose server answered with `live`. */
export function stored(
  resourceUrn: string,
  inputs: PropertyMap,
  live: PropertyMap = inputs,
): Resource {
  const { namespace, name } = inputs["metadata"] as Record<string, string>;
  const state = {
    ...live,
    __inputs: inputs,
    __initialApiVersion: inputs["apiVersion"] ?? "",
    __fieldManager: "pulumi-kubernetes-00000000",
  };
  return { id: `${namespace!}/${name!}`, urn: resourceUrn, inputs, state };
}

/** MODELPORT_TEST_IMAGE, else the embedded cluster's base image: one with /nodejs/bin/node. */
export function nodeImage(): string {
  const image = process.env["MODELPORT_TEST_IMAGE"] ?? readClusterInfo()?.baseImage;
  if (image === undefined)
    throw new Error(
      "set MODELPORT_TEST_IMAGE to an image with /nodejs/bin/node the cluster can pull",
    );
  return image;
}

export const runsForever = "setInterval(() => {}, 60000)";
/** Nothing listens there, so that the pull fails at once. */
export const missingImage = "127.0.0.1:1/nobody/nothing:v1";

export function deployment(
  metadata: PropertyMap & { name: string },
  script = runsForever,
  options: { image?: string; replicas?: number } = {},
): PropertyMap {
  const labels = { app: metadata.name };
  const container = {
    name: "main",
    image: options.image ?? nodeImage(),
    command: ["/nodejs/bin/node", "-e", script],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: options.replicas ?? 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [container] },
      },
    },
  };
}

/** The value at a path of a state, to compare. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  );
}
