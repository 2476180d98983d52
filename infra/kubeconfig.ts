import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import { promisify } from "node:util";
import { messageOf } from "./errors";

/** One context of a kubeconfig, with what it points to. */
export interface KubeContext {
  readonly name: string;
  /** https://host:port */
  readonly server: string;
  readonly cluster: KubeCluster;
  readonly user: KubeUser;
}

interface KubeCluster {
  server?: string;
  "certificate-authority-data"?: string;
  "certificate-authority"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
}

interface KubeUser {
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  "client-certificate-data"?: string;
  "client-certificate"?: string;
  "client-key-data"?: string;
  "client-key"?: string;
  exec?: { command: string; args?: string[]; env?: { name: string; value: string }[] | null };
}

interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: KubeCluster }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  users?: { name: string; user: KubeUser }[];
}

/** @throws Error with the cause and what there is instead */
export async function readContext(text: string, name?: string): Promise<KubeContext> {
  const { parse } = await import("yaml");
  const config = (parse(text) ?? {}) as Kubeconfig;
  const names = config.contexts?.map((context) => context.name) ?? [];
  const wanted = name ?? config["current-context"] ?? "";
  if (wanted === "")
    throw new Error(`it has no current context; its contexts: ${names.join(", ") || "none"}`);
  const context = config.contexts?.find((candidate) => candidate.name === wanted)?.context;
  if (context === undefined)
    throw new Error(`it has no context "${wanted}"; its contexts: ${names.join(", ") || "none"}`);
  const cluster = config.clusters?.find(({ name: its }) => its === context.cluster)?.cluster;
  if (cluster?.server === undefined)
    throw new Error(`its context "${wanted}" names no cluster with a server`);
  const user = config.users?.find(({ name: its }) => its === context.user)?.user ?? {};
  return { name: wanted, server: cluster.server, cluster, user };
}

/** Whether something listens there. @throws Error with the cause, after `timeoutMs` at the latest */
export async function connect(server: string, timeoutMs = 3000): Promise<void> {
  const { hostname, port, protocol } = new URL(server);
  const socket = net.connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(timeoutMs, () =>
        reject(new Error(`no answer within ${timeoutMs / 1000} s`)),
      );
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
  } finally {
    socket.destroy();
  }
}

export interface ApiResponse {
  readonly status: number;
  readonly text: string;
}

/** One request to the API server, with the context's own credentials. */
export async function apiRequest(
  context: KubeContext,
  path: string,
  options: {
    method?: "GET" | "POST";
    body?: string;
    /** Default: none but what the credentials and the body need. */
    headers?: Readonly<Record<string, string>>;
    timeoutMs?: number;
  } = {},
): Promise<ApiResponse> {
  const { cluster, user } = context;
  const exec = user.exec === undefined ? {} : await execCredential(user.exec);
  const token =
    exec.token ?? user.token ?? (user.tokenFile && fs.readFileSync(user.tokenFile, "utf8").trim());
  const cert = exec.clientCertificateData ?? material(user, "client-certificate");
  const key = exec.clientKeyData ?? material(user, "client-key");
  const ca = material(cluster, "certificate-authority");
  const basic = user.username === undefined ? undefined : `${user.username}:${user.password ?? ""}`;
  const url = new URL(context.server.replace(/\/+$/, "") + path);
  const { request } =
    url.protocol === "http:" ? await import("node:http") : await import("node:https");
  const body = options.body ?? "";
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: options.method ?? "GET",
        timeout: options.timeoutMs ?? 5000,
        headers: {
          ...options.headers,
          ...(token === undefined || token === "" ? {} : { authorization: `Bearer ${token}` }),
          ...(basic === undefined
            ? {}
            : { authorization: `Basic ${Buffer.from(basic).toString("base64")}` }),
          ...(body === ""
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(cluster["tls-server-name"] === undefined
          ? {}
          : { servername: cluster["tls-server-name"] }),
        rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** PEM, inline or from a file. */
function material(
  holder: KubeCluster | KubeUser,
  name: "client-certificate" | "client-key" | "certificate-authority",
): string | undefined {
  const fields = holder as Record<string, string | undefined>;
  const inline = fields[`${name}-data`];
  if (inline !== undefined && inline !== "") return Buffer.from(inline, "base64").toString();
  const file = fields[name];
  return file === undefined || file === "" ? undefined : fs.readFileSync(file, "utf8");
}

interface ExecCredential {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
}

/** Runs a credential plugin, e.g. gke-gcloud-auth-plugin. */
async function execCredential(exec: NonNullable<KubeUser["exec"]>): Promise<ExecCredential> {
  const env = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  try {
    const { stdout } = await promisify(execFile)(exec.command, exec.args ?? [], {
      env: { ...process.env, ...env },
      timeout: 20_000,
    });
    return (JSON.parse(stdout) as { status?: ExecCredential }).status ?? {};
  } catch (error) {
    throw new Error(`the kubeconfig's credential plugin failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
