import * as fs from "node:fs";
import * as path from "node:path";
import type { Component } from "./component";
import { CLUSTER_DOMAIN } from "./kubelet";

/** Names of Services and pods, answered on the node's own address. */
export const coredns: Component = {
  name: "coredns",
  after: ["kube-apiserver"],
  configure: ({ settings, inside }) =>
    fs.writeFileSync(
      path.join(settings.directory, "Corefile"),
      `. {
    errors
    health ${settings.link.nodeAddress}:8080
    ready ${settings.link.nodeAddress}:8181
    kubernetes ${CLUSTER_DOMAIN} in-addr.arpa {
        kubeconfig ${inside}/kubeconfigs/coredns.conf
        pods insecure
        ttl 5
    }
    cache 5
}
`,
    ),
  command: ({ inside, tools }) => ({ argv: [tools.coredns, "-conf", `${inside}/Corefile`] }),
  healthy: async ({ settings, get }) =>
    (await get(`http://${settings.link.nodeAddress}:8181/ready`)).status === 200,
};
