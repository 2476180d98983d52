import { once } from "node:events";
import * as net from "node:net";
import { KubeConfig, PortForward } from "@kubernetes/client-node";
import type { Endpoint } from "./balancers";
import type { Kubernetes } from "./kubernetes";
import { child, children, text, type Values } from "./values";

/** A port of a Service, by name or number. */
export type BackendPort = string | number;

/**
 * Ways to a cluster's pods for what stands before them and has no way of its own into their network: local ports whose connections go
 * each to a pod that is ready then, through the API server.
 */
export class PodTunnels {
  private readonly forward: PortForward;
  private readonly open = new Map<string, Promise<net.Server>>();
  private readonly sockets = new Set<net.Socket>();

  /** @param kubeconfig its file */
  constructor(
    kubeconfig: string,
    private readonly kubernetes: Kubernetes,
  ) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.forward = new PortForward(config, true);
  }

  /** Where a Service's pods are reached; the same for the same Service. */
  async to(namespace: string, service: string, port: BackendPort): Promise<Endpoint> {
    const key = `${namespace}/${service}:${port}`;
    const found = this.open.get(key) ?? this.listen(namespace, service, port);
    this.open.set(key, found);
    const address = (await found).address();
    if (address === null || typeof address === "string") throw new Error(`${key}: no port`);
    return { host: "127.0.0.1", port: address.port };
  }

  async close(): Promise<void> {
    const servers = await Promise.all(this.open.values());
    this.open.clear();
    for (const socket of this.sockets) socket.destroy();
    for (const server of servers) server.close();
  }

  private async listen(namespace: string, service: string, port: BackendPort): Promise<net.Server> {
    const server = net.createServer((socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      this.connect(socket, namespace, service, port).catch(() => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  }

  /** @throws Error where no pod is ready */
  private async connect(
    socket: net.Socket,
    namespace: string,
    service: string,
    port: BackendPort,
  ): Promise<void> {
    const pods = await this.readyPods(namespace, service, port);
    const pod = pods[Math.floor(Math.random() * pods.length)];
    if (pod === undefined) throw new Error(`no pod of ${namespace}/${service} is ready`);
    await this.forward.portForward(namespace, pod.name, [pod.port], socket, null, socket);
  }

  private async readyPods(
    namespace: string,
    service: string,
    port: BackendPort,
  ): Promise<{ name: string; port: number }[]> {
    const object = await this.kubernetes.get(`/api/v1/namespaces/${namespace}/services/${service}`);
    const wanted = children(child(object, "spec"), "ports").find(
      (one) => one["name"] === port || one["port"] === port,
    );
    const slices = await this.kubernetes.list(
      `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io/service-name=${service}`,
    );
    return slices.flatMap((slice) => {
      const number = children(slice, "ports").find(
        ({ name }) => (name ?? "") === (wanted?.["name"] ?? ""),
      )?.["port"];
      return typeof number !== "number"
        ? []
        : children(slice, "endpoints")
            .filter(isReady)
            .map((endpoint) => ({
              name: text(child(endpoint, "targetRef"), "name"),
              port: number,
            }));
    });
  }
}

const isReady = (endpoint: Values) => child(endpoint, "conditions")["ready"] === true;
