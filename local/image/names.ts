import { createHash } from "node:crypto";

interface RegistryPort {
  ports: { registry: number };
}

/** The embedded cluster's registry, by the name that the machine and the node both use. */
export function registryServer({ ports }: RegistryPort): string {
  return `localhost:${ports.registry}`;
}

/** The container that holds a pod's namespaces. */
export function pauseImage(registry: RegistryPort): string {
  return `${registryServer(registry)}/modelport/pause:1`;
}

/** Node and the C libraries it needs. The tag says what is in it, so that the same content is one image. */
export function nodeImage(
  registry: RegistryPort,
  nodeVersion: string,
  contents: readonly string[],
): string {
  const digest = createHash("sha256").update(contents.join("\n")).digest("hex").slice(0, 12);
  return `${registryServer(registry)}/modelport/node:${nodeVersion}-${digest}`;
}
