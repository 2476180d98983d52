import type { Component } from "./component";

/** The cluster's store. No fsync: a local cluster that loses power is made anew. */
export const etcd: Component = {
  name: "etcd",
  after: [],
  command: ({ inside, tools }) => ({
    argv: [
      tools.etcd,
      `--data-dir=${inside}/etcd`,
      "--listen-client-urls=https://127.0.0.1:2379",
      "--advertise-client-urls=https://127.0.0.1:2379",
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--listen-metrics-urls=http://0.0.0.0:2381",
      `--cert-file=${inside}/pki/etcd/server.crt`,
      `--key-file=${inside}/pki/etcd/server.key`,
      `--trusted-ca-file=${inside}/pki/etcd/ca.crt`,
      "--client-cert-auth=true",
      "--unsafe-no-fsync=true",
      "--log-level=warn",
    ],
  }),
  healthy: async ({ settings, get }) =>
    (await get(`http://${settings.link.nodeAddress}:2381/health?exclude=NOSPACE`)).status === 200,
};
