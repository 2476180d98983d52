import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import type * as https from "node:https";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { registryServer } from "../../image/names";
import { thisProcess } from "../../toolchain/process-identity";
import { type ClusterTools, type Context, components } from "../components";
import { API_PORT } from "../components/apiserver";
import { dockerSocket } from "../components/dockerd";
import { NODE_NAME } from "../components/kubelet";
import {
  type ClusterInfo,
  type SupervisorIdentity,
  clusterInfoPath,
  supervisorPath,
} from "../info";
import type { ClusterSettings } from "../settings";
import { createCgroups, removeCgroups } from "./cgroups";
import { type ComponentStatus, SupervisedComponent } from "./component";
import { Api } from "./api";
import { ServiceFollower } from "./follow-services";
import { Forwarders } from "./forwarders";
import { type ProvidedImage, provideImage, providePauseImage } from "./images";
import { ensurePki } from "./pki";
import { type Relay, relayProxy } from "./proxy-relay";
import { request } from "./request";
import { INSIDE, Sandbox } from "./sandbox";

/** What the starting command hands to the supervisor. */
export interface SupervisorPlan {
  settings: ClusterSettings;
  tools: ClusterTools;
  nodeImage: ProvidedImage;
}

export interface SupervisorStatus {
  pid: number;
  phase: "starting" | "ready" | "stopping";
  components: ComponentStatus[];
}

const NODE_READY_MS = 60_000;

export class Supervisor {
  private readonly context: Context;
  private readonly running: SupervisedComponent[] = [];
  private readonly forwarders: Forwarders;
  private sandbox: Sandbox | undefined;
  private relay: Relay | undefined;
  private services: ServiceFollower | undefined;
  private phase: SupervisorStatus["phase"] = "starting";
  private lost: () => void = () => undefined;

  constructor(private readonly plan: SupervisorPlan) {
    const { settings, tools } = plan;
    const logs = path.join(settings.directory, "logs");
    this.context = { settings, tools, logs, inside: INSIDE, get: (url) => this.request(url) };
    this.forwarders = new Forwarders(settings.link.nodeAddress);
  }

  status(): SupervisorStatus {
    return {
      pid: process.pid,
      phase: this.phase,
      components: this.running.map(({ status }) => status),
    };
  }

  /** Called when the sandbox ends by itself; everything in it is gone then. */
  onLost(listener: () => void): void {
    this.lost = listener;
  }

  /** Resolves when the node is ready and the images are in the registry. */
  async start(): Promise<void> {
    const { settings, tools, nodeImage } = this.plan;
    process.env["PATH"] = tools.path;
    clearLeftovers(settings);
    ensurePki(settings, tools.kubernetes);
    createCgroups(settings.cgroup);
    for (const component of components) component.configure?.(this.context);
    this.sandbox = await Sandbox.create(settings, tools.tini);
    this.sandbox.onEnd(() => {
      if (this.phase === "stopping") return;
      log("the cluster's first process ended, and everything with it");
      this.lost();
    });
    await this.forward("api", settings.ports.api, API_PORT);
    await this.forward("registry", settings.ports.registry, settings.ports.registry);
    this.relay = await relayProxy(settings);
    if (this.relay !== undefined) this.context.proxy = this.relay.url;

    const started = this.startComponents(this.sandbox);
    const authorised = started("kube-apiserver").then(() => this.authoriseKubeadmAdministrators());
    const buildable = Promise.all([started("registry"), started("dockerd")]);
    await Promise.all([
      ...components.map(({ name }) => started(name)),
      authorised,
      buildable.then(() => providePauseImage(this.context)),
      buildable.then(() => provideImage(this.context, nodeImage)),
      started("kubelet").then(() => this.nodeReady()),
    ]);
    if (this.phase !== "starting") return;
    this.services = this.follower();
    void this.services.follow();
    this.phase = "ready";
    writeAtomically(clusterInfoPath(settings.name), JSON.stringify(this.info(), null, 2));
    log("ready");
  }

  /** Ends every process, and removes devices, mounts, control groups and sockets. The cluster's data stay. */
  async stop(): Promise<void> {
    this.phase = "stopping";
    const { settings } = this.plan;
    announceStop(settings.directory);
    fs.rmSync(clusterInfoPath(settings.name), { force: true });
    this.services?.close();
    this.forwarders.close();
    this.relay?.close();
    // Every store of the cluster survives a kill; only a machine that loses power could lose writes.
    for (const component of this.running) component.stop();
    await this.sandbox?.destroy();
    clearLeftovers(settings);
    fs.rmSync(settings.runDirectory, { recursive: true, force: true });
    fs.rmSync(supervisorPath(settings.directory), { force: true });
    log("stopped");
  }

  /** Starts each when those it comes after are healthy; the returned function gives the promise of one. */
  private startComponents(sandbox: Sandbox): (name: string) => Promise<void> {
    const promises = new Map<string, Promise<void>>();
    const started = (name: string): Promise<void> =>
      promises.get(name) ?? Promise.reject(new Error(`no component ${name} before it`));
    for (const component of components) {
      const supervised = new SupervisedComponent(component, sandbox, this.context, log);
      this.running.push(supervised);
      const start = Promise.all(component.after.map(started)).then(async () => {
        await supervised.start();
      });
      promises.set(component.name, start);
    }
    return started;
  }

  private async forward(owner: string, port: number, nodePort: number): Promise<void> {
    const at = { host: "127.0.0.1", port };
    const [taken] = await this.forwarders.set(owner, [{ at, nodePort }]);
    if (taken !== undefined) throw taken.error;
  }

  private follower(): ServiceFollower {
    const { link, loadBalancer } = this.plan.settings;
    const server = { ...this.identity(), host: link.nodeAddress, port: API_PORT };
    return new ServiceFollower(new Api(server, log), this.forwarders, loadBalancer, log);
  }

  private async nodeReady(): Promise<void> {
    interface Node {
      spec: { taints?: unknown[] };
      status?: { conditions?: { type: string; status: string; message: string }[] };
    }
    const url = `https://${this.plan.settings.link.nodeAddress}:${API_PORT}/api/v1/nodes/${NODE_NAME}`;
    const deadline = Date.now() + NODE_READY_MS;
    let why = "it did not register";
    while (Date.now() < deadline) {
      const { status, body } = await this.request(url);
      if (status === 200) {
        const node = JSON.parse(body) as Node;
        const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
        if (ready?.status === "True" && node.spec.taints === undefined) return;
        why = ready?.message ?? why;
      }
      await sleep(200);
    }
    throw new Error(`the node did not become ready: ${why}`);
  }

  /** kubeadm's certificates, the API server's for the kubelet among them, are in a group that has no rights by itself. */
  private async authoriseKubeadmAdministrators(): Promise<void> {
    const group = "kubeadm:cluster-admins";
    const apiGroup = "rbac.authorization.k8s.io";
    const { status, body } = await this.request(
      `https://${this.plan.settings.link.nodeAddress}:${API_PORT}/apis/${apiGroup}/v1/clusterrolebindings`,
      {
        apiVersion: `${apiGroup}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: group },
        roleRef: { apiGroup, kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ apiGroup, kind: "Group", name: group }],
      },
    );
    if (status !== 201 && status !== 409) throw new Error(`${group} was not authorised: ${body}`);
  }

  private info(): ClusterInfo {
    const { settings, tools, nodeImage } = this.plan;
    return {
      name: settings.name,
      kubernetesVersion: settings.kubernetesVersion,
      kubeconfig: path.join(settings.directory, "kubeconfigs", "admin.conf"),
      host: "127.0.0.1",
      nodeAddress: settings.link.nodeAddress,
      registry: { server: registryServer(settings), insecure: true },
      dockerHost: `unix://${dockerSocket(settings.runDirectory)}`,
      dockerCli: path.dirname(tools.docker),
      baseImage: nodeImage.reference,
      platform: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
      ports: settings.ports,
      ...(settings.loadBalancer === undefined
        ? {}
        : { loadBalancer: `${settings.loadBalancer}.0/24` }),
      supervisor: thisProcess(),
    };
  }

  /** The administrator's certificate. Peers are in the sandbox, several with self-signed certificates: not verified. */
  private identity(): https.RequestOptions {
    const file = path.join(this.plan.settings.directory, "kubeconfigs", "admin.conf");
    const { users } = parse(fs.readFileSync(file, "utf8")) as {
      users: { user: Record<"client-certificate-data" | "client-key-data", string> }[];
    };
    const user = users[0]?.user;
    if (user === undefined) throw new Error(`${file} has no user`);
    return {
      cert: Buffer.from(user["client-certificate-data"], "base64"),
      key: Buffer.from(user["client-key-data"], "base64"),
      rejectUnauthorized: false,
    };
  }

  /** GET, or POST where there is a body. */
  private async request(url: string, body?: object): Promise<{ status: number; body: string }> {
    return request(url, url.startsWith("https:") ? this.identity() : {}, body);
  }
}

/** What an abrupt end can leave: a device whose namespace is still being taken down, and control groups. */
export function clearLeftovers({ link, cgroup }: ClusterSettings): void {
  if (fs.existsSync(`/sys/class/net/${link.device}`))
    spawnSync("ip", ["link", "delete", link.device]);
  removeCgroups(cgroup);
}

/** Whoever starts the cluster meanwhile waits for the end. */
function announceStop(directory: string): void {
  const stopping: SupervisorIdentity = { ...thisProcess(), stopping: true };
  try {
    writeAtomically(supervisorPath(directory), JSON.stringify(stopping));
  } catch (error) {
    // A full disk must not keep it from ending.
    log(`that it stops could not be written: ${(error as Error).message}`);
  }
}

function writeAtomically(file: string, contents: string): void {
  fs.writeFileSync(`${file}.new`, contents, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

function log(line: string): void {
  console.error(`${new Date().toISOString()} ${line}`);
}
