import type { Component } from "./component";

export const controllerManager: Component = {
  name: "kube-controller-manager",
  after: ["kube-apiserver"],
  command: ({ inside, settings, tools }) => {
    const pki = `${inside}/pki`;
    const kubeconfig = `${inside}/kubeconfigs/controller-manager.conf`;
    return {
      argv: [
        tools.kubernetes,
        "kube-controller-manager",
        `--kubeconfig=${kubeconfig}`,
        `--authentication-kubeconfig=${kubeconfig}`,
        `--authorization-kubeconfig=${kubeconfig}`,
        "--leader-elect=false",
        `--client-ca-file=${pki}/ca.crt`,
        `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
        `--root-ca-file=${pki}/ca.crt`,
        `--service-account-private-key-file=${pki}/sa.key`,
        `--cluster-signing-cert-file=${pki}/ca.crt`,
        `--cluster-signing-key-file=${pki}/ca.key`,
        `--service-cluster-ip-range=${settings.serviceCidr}`,
        "--use-service-account-credentials=true",
        // Its forty controllers start by asking; at the usual 20 questions a second that takes them five seconds.
        "--kube-api-qps=500",
        "--kube-api-burst=500",
        "--profiling=false",
      ],
      env: { GOGC: "50" },
    };
  },
  healthy: async ({ settings, get }) =>
    (await get(`https://${settings.link.nodeAddress}:10257/healthz`)).status === 200,
};
