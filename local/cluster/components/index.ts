import { apiserver } from "./apiserver";
import { containerd } from "./containerd";
import { controllerManager } from "./controller-manager";
import { coredns } from "./coredns";
import { dockerd } from "./dockerd";
import { etcd } from "./etcd";
import { kubeProxy } from "./kube-proxy";
import { kubelet } from "./kubelet";
import { registry } from "./registry";
import { scheduler } from "./scheduler";
import type { Component } from "./component";

export type { ClusterTools, Component, Context } from "./component";

/** Every process of the cluster. A further one (metrics, a second node) is a file and a line here. */
export const components: readonly Component[] = [
  etcd,
  containerd,
  registry,
  dockerd,
  apiserver,
  controllerManager,
  scheduler,
  kubelet,
  kubeProxy,
  coredns,
];
