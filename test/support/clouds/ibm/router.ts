import * as path from "node:path";
import { startOpenShift } from "../../openshift";
import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { text } from "../values";
import { frontDoorOf } from "./front-door";

/** What makes the embedded cluster one of OpenShift: its APIs, its admission, its builds, and the router behind the cluster's balancer. */
export function startRouter(cluster: Stored, cloud: Cloud): Promise<{ stop(): Promise<void> }> {
  const { settings, authority } = cloud;
  return startOpenShift({
    kubeconfig: settings.kubeconfig,
    dockerHost: settings.dockerHost,
    address: frontDoorOf(cloud, cluster).address,
    domain: text(cluster.outputs, "ingressHostname"),
    hosts: settings.hosts,
    webhook: { address: settings.gateway?.address ?? "127.0.0.1", port: 0 },
    authority,
    folder: path.join(cloud.folder, "openshift"),
    log: cloud.log,
  });
}
