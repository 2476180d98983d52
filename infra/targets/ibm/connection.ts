import type * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { PROVIDER_DEFAULTS, type Cluster } from "../target";
import type { IbmCluster } from "./cluster";
import type { IbmContext } from "./context";
import { front } from "./front";
import { kubeconfigOf } from "./kubeconfig";
import { autoscaler } from "./worker-pools";

export interface Connection {
  readonly provider: Provider;
  /** Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly front: NonNullable<Cluster["front"]>;
}

/** Registers what Kubernetes is reached by in a cluster, and the autoscaler where config wants it. @param name of the provider */
export function connect(name: string, context: IbmContext, cluster: IbmCluster): Connection {
  const { config, own } = context;
  const kubeconfig = kubeconfigOf(context, cluster.name, cluster.id);
  const provider = new Provider(
    name,
    {
      ...PROVIDER_DEFAULTS,
      kubeconfig,
      // A login that changes moves nothing; another cluster moves everything.
      clusterIdentifier: cluster.id,
    },
    // Pods go before what runs them.
    { parent: own.parent, dependsOn: [...cluster.resources] },
  );
  autoscaler(context, cluster.id, provider, cluster.resources);
  const place = { ...cluster, config, provider, kubeconfig, cluster: cluster.name };
  return { provider, kubeconfig, front: (args) => front(place, args) };
}
