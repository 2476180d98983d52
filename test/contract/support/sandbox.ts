/** A namespace of its own for one file of contract tests, a plugin configured for it, a client beside it. */
import { ApiError, type KubeClient } from "../../../local/providers/kubernetes/client";
import { testClient, testKubeconfig, uniqueName } from "./cluster";
import { Plugin } from "./plugin";

export interface Sandbox {
  plugin: Plugin;
  client: KubeClient;
  namespace: string;
  /** Of an object of the core group in the namespace. */
  path: (plural: string, name: string) => string;
  isGone: (path: string) => Promise<boolean>;
  close: () => Promise<void>;
}

export async function openSandbox(): Promise<Sandbox> {
  const client = await testClient();
  const plugin = await startPlugin();
  const namespace = uniqueName("contract");
  await client.create("/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  return {
    plugin,
    client,
    namespace,
    path: (plural, name) => `/api/v1/namespaces/${namespace}/${plural}/${name}`,
    isGone: (path) =>
      client.get(path).then(
        () => false,
        (error: unknown) => error instanceof ApiError && error.code === 404,
      ),
    close: async () => {
      await client.delete(`/api/v1/namespaces/${namespace}`, {
        body: { propagationPolicy: "Background" },
      });
      await plugin.stop();
      client.close();
    },
  };
}

/** Further settings beside the kubeconfig, e.g. `{ upsertExistingObjects: "true" }`. */
export async function startPlugin(settings: Record<string, string> = {}): Promise<Plugin> {
  const plugin = await Plugin.start("kubernetes");
  const all = { kubeconfig: testKubeconfig(), ...settings };
  await plugin.configure(
    Object.fromEntries(
      Object.entries(all).map(([key, value]) => [`kubernetes:config:${key}`, value]),
    ),
  );
  return plugin;
}
