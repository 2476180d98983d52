import type { Component } from "./component";

export const API_PORT = 6443;

/** Flags as kubeadm would set them. */
export const apiserver: Component = {
  name: "kube-apiserver",
  after: ["etcd"],
  command: ({ inside, settings, tools }) => {
    const pki = `${inside}/pki`;
    return {
      argv: [
        tools.kubernetes,
        "kube-apiserver",
        `--advertise-address=${settings.link.nodeAddress}`,
        `--secure-port=${API_PORT}`,
        "--allow-privileged=true",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        `--client-ca-file=${pki}/ca.crt`,
        `--tls-cert-file=${pki}/apiserver.crt`,
        `--tls-private-key-file=${pki}/apiserver.key`,
        "--etcd-servers=https://127.0.0.1:2379",
        `--etcd-cafile=${pki}/etcd/ca.crt`,
        `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
        `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
        `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
        `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
        "--kubelet-preferred-address-types=InternalIP",
        `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
        `--proxy-client-key-file=${pki}/front-proxy-client.key`,
        `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        `--service-account-key-file=${pki}/sa.pub`,
        `--service-account-signing-key-file=${pki}/sa.key`,
        `--service-cluster-ip-range=${settings.serviceCidr}`,
        "--profiling=false",
        "--shutdown-delay-duration=0s",
      ],
      env: { GOGC: "50" },
    };
  },
  healthy: async ({ settings, get }) =>
    (await get(`https://${settings.link.nodeAddress}:${API_PORT}/readyz`)).status === 200,
};
