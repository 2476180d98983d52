/** The cluster a configured provider talks to, or why it cannot. */
import { KubeClient } from "./client";
import type { Settings } from "./config";
import { Discovery } from "./discovery";
import { connect, loadKubeconfig, type Connection } from "./kubeconfig";
import { requireLocal } from "./locality";

export interface Cluster {
  client: KubeClient;
  discovery: Discovery;
}

/** An operation needs the cluster, and it cannot be reached. */
export class ClusterUnreachableError extends Error {}

const answerTimeoutMs = 10_000;

export interface Reach {
  cluster: Cluster | undefined;
  /** Why there is none. */
  reason: string;
  /** For objects that name none: the provider's, the context's, `default`; "" without a kubeconfig. */
  defaultNamespace: string;
}

/**
 * A cluster that does not answer is no error yet: a preview goes on without it, and a resource may be
 * dropped from the state of a cluster that is gone (provider.go, Configure).
 * @throws Error when the cluster is not on this machine
 */
export async function reach(settings: Settings): Promise<Reach> {
  let connection: Connection;
  try {
    connection = connect(await loadKubeconfig(settings.kubeconfig), settings.overrides);
  } catch (error) {
    return {
      cluster: undefined,
      reason: `cannot use the kubeconfig: ${(error as Error).message}`,
      defaultNamespace: settings.namespace,
    };
  }
  await requireLocal(connection.server);
  const defaultNamespace =
    [settings.namespace, connection.namespace].find((namespace) => namespace !== "") ?? "default";
  const client = new KubeClient(connection);
  try {
    await client.get("/version", { signal: AbortSignal.timeout(answerTimeoutMs) });
  } catch (error) {
    return { cluster: undefined, reason: (error as Error).message, defaultNamespace };
  }
  return { cluster: { client, discovery: new Discovery(client) }, reason: "", defaultNamespace };
}
