import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import type { Component, Context } from "./component";
import { containerdSocket } from "./containerd";

export const NODE_NAME = "modelport";
export const CLUSTER_DOMAIN = "cluster.local";

export const kubelet: Component = {
  name: "kubelet",
  after: ["kube-apiserver", "containerd"],
  configure: (context) => {
    const { directory } = context.settings;
    fs.writeFileSync(path.join(directory, "kubelet.yaml"), stringify(configuration(context)));
    // Pods resolve names by the cluster's own server; the network has no way out.
    fs.writeFileSync(path.join(directory, "resolv.conf"), "");
  },
  command: ({ inside, settings, tools }) => ({
    argv: [
      tools.kubernetes,
      "kubelet",
      `--config=${inside}/kubelet.yaml`,
      `--kubeconfig=${inside}/kubeconfigs/kubelet.conf`,
      `--root-dir=${inside}/kubelet`,
      `--cert-dir=${inside}/kubelet/pki`,
      `--node-ip=${settings.link.nodeAddress}`,
      `--hostname-override=${NODE_NAME}`,
    ],
    env: { GOGC: "50" },
  }),
  healthy: async ({ settings, get }) =>
    (await get(`http://${settings.link.nodeAddress}:10248/healthz`)).status === 200,
};

/** The control group driver and version are the machine's; eviction waits until its disk is really full. */
function configuration({ inside, settings }: Context): object {
  const { nodeAddress } = settings.link;
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${inside}/pki/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    healthzBindAddress: nodeAddress,
    containerRuntimeEndpoint: `unix://${containerdSocket(inside)}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${settings.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [nodeAddress],
    clusterDomain: CLUSTER_DOMAIN,
    resolvConf: `${inside}/resolv.conf`,
    serializeImagePulls: false,
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "200Mi",
      "imagefs.available": "200Mi",
    },
    podLogsDir: "/var/log/pods",
    shutdownGracePeriod: "0s",
  };
}
