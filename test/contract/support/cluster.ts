/** The cluster the contract is tried on, and a second, independent look at it. */
import { KubeClient } from "../../../local/providers/kubernetes/client";
import { connect, loadKubeconfig } from "../../../local/providers/kubernetes/kubeconfig";
import { readClusterInfo } from "../../../local/cluster/info";

/** MODELPORT_TEST_KUBECONFIG, else the embedded cluster. @throws when there is neither */
export function testKubeconfig(): string {
  const kubeconfig = process.env["MODELPORT_TEST_KUBECONFIG"] ?? readClusterInfo()?.kubeconfig;
  if (kubeconfig === undefined)
    throw new Error(
      "no cluster to test on: start the embedded one (npm run cli -- cluster start) or set MODELPORT_TEST_KUBECONFIG",
    );
  return kubeconfig;
}

export async function testClient(): Promise<KubeClient> {
  return new KubeClient(connect(await loadKubeconfig(testKubeconfig()), {}));
}

let counter = 0;

/** A name no other run uses. */
export function uniqueName(prefix: string): string {
  counter += 1;
  return `${prefix}-${process.pid.toString(36)}-${Date.now().toString(36)}${counter.toString(36)}`;
}
