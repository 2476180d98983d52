import type { Component } from "./component";

export const scheduler: Component = {
  name: "kube-scheduler",
  after: ["kube-apiserver"],
  command: ({ inside, tools }) => {
    const kubeconfig = `${inside}/kubeconfigs/scheduler.conf`;
    return {
      argv: [
        tools.kubernetes,
        "kube-scheduler",
        `--kubeconfig=${kubeconfig}`,
        `--authentication-kubeconfig=${kubeconfig}`,
        `--authorization-kubeconfig=${kubeconfig}`,
        "--leader-elect=false",
        "--profiling=false",
      ],
      env: { GOGC: "50" },
    };
  },
  healthy: async ({ settings, get }) =>
    (await get(`https://${settings.link.nodeAddress}:10259/healthz`)).status === 200,
};
