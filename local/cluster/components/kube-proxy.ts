import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import type { Component } from "./component";
import { NODE_NAME } from "./kubelet";

/** Service addresses and NodePorts as nftables rules of the sandbox. */
export const kubeProxy: Component = {
  name: "kube-proxy",
  after: ["kube-apiserver"],
  configure: ({ settings, inside }) =>
    fs.writeFileSync(
      path.join(settings.directory, "kube-proxy.yaml"),
      stringify({
        apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
        kind: "KubeProxyConfiguration",
        mode: "nftables",
        clusterCIDR: settings.podCidr,
        hostnameOverride: NODE_NAME,
        clientConnection: { kubeconfig: `${inside}/kubeconfigs/kube-proxy.conf` },
        healthzBindAddress: `${settings.link.nodeAddress}:10256`,
        metricsBindAddress: "127.0.0.1:10249",
        // The size of the connection table is the machine's, not the sandbox's, to set.
        conntrack: { maxPerCore: 0, min: 0 },
        nftables: { minSyncPeriod: "0s", syncPeriod: "30s" },
      }),
    ),
  command: ({ inside, tools }) => ({
    argv: [tools.kubernetes, "kube-proxy", `--config=${inside}/kube-proxy.yaml`],
    env: { GOGC: "50" },
  }),
  healthy: async ({ settings, get }) =>
    (await get(`http://${settings.link.nodeAddress}:10256/livez`)).status === 200,
};
