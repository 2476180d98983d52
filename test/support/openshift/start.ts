import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Progress, silentProgress } from "../../../local/progress";
import { ensureTools } from "../../../local/toolchain";
import type { Authority } from "../clouds/certificates";
import { Admission } from "./admission/review";
import { webhookConfigurations } from "./admission/webhooks";
import { Api } from "./api";
import { Builds } from "./builds/controller";
import { clusterOf, nameNetwork } from "./cluster";
import { type ClusterObject, CONSTRAINT_OBJECTS, DEFINITIONS, ROLES } from "./definitions";
import type { Stored } from "./kinds";
import { Accounts } from "./registry/accounts";
import { Haproxy } from "./router/haproxy";
import { Router } from "./router/router";
import { LOGS, startServer } from "./server";

export interface OpenShiftOptions {
  /** Of the embedded cluster's administrator. */
  readonly kubeconfig: string;
  readonly dockerHost: string;
  /** Where the router listens, loopback. */
  readonly address: string;
  /** What the hosts of Routes end in that name none, e.g. `apps.example.com`. */
  readonly domain: string;
  /** A file in the form of /etc/hosts: hosts below the domain are appended. */
  readonly hosts: string;
  /** An address of this machine that the cluster's node reaches; port 0: a free one. */
  readonly webhook: { readonly address: string; readonly port: number };
  /** Signs the certificates of webhooks and router. */
  readonly authority: Authority;
  /** Of files while it runs. */
  readonly folder: string;
  /** Default: nobody is told. */
  readonly log?: (line: string) => void;
  /** Of tools that are missing. Default: silent. */
  readonly progress?: Progress;
}

export interface OpenShift {
  /** Takes it all away, Routes and Builds with it. */
  stop(): Promise<void>;
}

/** Makes an OpenShift of the embedded cluster, as far as programs that use Routes, Builds and constraints can tell. */
export async function startOpenShift(options: OpenShiftOptions): Promise<OpenShift> {
  const { authority, address, domain, webhook, log = () => undefined } = options;
  const tools = await ensureTools(["haproxy", "s2i", "openssh"], {
    progress: options.progress ?? silentProgress(),
  });
  const cluster = clusterOf(options.kubeconfig);
  const folders = Object.fromEntries(
    ["router", "builds"].map((name) => [name, path.join(options.folder, name)]),
  ) as Record<"router" | "builds", string>;
  for (const folder of Object.values(folders))
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });

  /** What was begun, to be ended in turn. */
  const endings: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const api = await Api.connect(options.kubeconfig);
    endings.push(() => api.close());
    const install = async (objects: readonly ClusterObject[]) => {
      endings.push(() => remove(api, objects));
      await Promise.all(objects.map(({ path, body }) => api.apply(path, body)));
    };
    await Promise.all([install(DEFINITIONS), install(ROLES)]);
    await established(api);
    await install(CONSTRAINT_OBJECTS);

    const certificate = authority.issue([webhook.address]);
    const server = await startServer({ ...webhook, certificate, log });
    endings.push(() => server.close());

    const namespaces = api.follow<Stored>("/api/v1/namespaces");
    const admission = new Admission({ api, namespaces, domain });
    server.handlers.admission = admission;
    const accounts = new Accounts(api, namespaces, admission, log);
    endings.push(() => accounts.stop());

    const network = nameNetwork(cluster);
    endings.push(() => network.remove());
    const own = authority.issue([`*.${domain}`]);
    const router = new Router(
      api,
      new Haproxy(tools.haproxy.bin["haproxy"] ?? "", folders.router, log),
      {
        address,
        domain,
        hosts: options.hosts,
        folder: folders.router,
        network: network.name,
        certificate: `${own.certificate}${own.key}`,
      },
      log,
    );
    endings.push(() => router.stop());
    const builds = new Builds(
      api,
      accounts,
      {
        docker: { host: options.dockerHost, program: path.join(cluster.dockerCli, "docker") },
        s2i: tools.s2i.bin["s2i"] ?? "",
        ssh: tools.openssh.bin["ssh"] ?? "",
        folder: folders.builds,
        logs: `${server.url}${LOGS}`,
        image: cluster.baseImage,
        authority: authority.certificate,
      },
      log,
    );
    server.handlers.serveLog = (name, response) => builds.serveLog(name, response);
    endings.push(() => builds.stop());
    await Promise.all([router.listening, accounts.synced()]);
    // Last, so that nothing waits for what isn't there yet.
    await install(webhookConfigurations({ url: server.url, authority: authority.certificate }));
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function remove(api: Api, objects: readonly ClusterObject[]): Promise<void> {
  await Promise.all(objects.map(({ path }) => api.delete(path)));
}

const POLL_MS = 50;

interface Definition extends Stored {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}

/** Until the API server serves the new kinds. */
async function established(api: Api): Promise<void> {
  for (const { path } of DEFINITIONS)
    for (;;) {
      const conditions = (await api.get<Definition>(path))?.status?.conditions ?? [];
      if (conditions.some(({ type, status }) => type === "Established" && status === "True")) break;
      await sleep(POLL_MS);
    }
}
