import * as http from "node:http";
import * as https from "node:https";
import type * as net from "node:net";
import { pipeline } from "node:stream";
import type { Authority } from "../certificates";
import { registryRequest, withRepository } from "./registry-path";

export interface GatewayOptions {
  /** Where the proxy listens. */
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  /** Signs the certificates of the hosts. */
  readonly ca: Authority;
  /** The registry that stands behind all hosts, plain HTTP. */
  readonly upstream: string;
  readonly hosts: readonly RegistryHost[];
  /** Told of every refusal. Default: nobody is. */
  readonly log?: (line: string) => void;
}

/** A cloud's registry. */
export interface RegistryHost {
  /** Of the host, with `:port` where that isn't 443. */
  readonly pattern: RegExp;
  /** Asked before every request. @param login of the Basic header, undefined where there is none */
  authorize(login: Login | undefined, what: Access): Promise<Verdict>;
  /** A repository's name in the registry behind it. Default: the same. */
  path?(repository: string): string;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface Access {
  readonly host: string;
  /** Empty: the registry itself, which is what `docker login` asks. */
  readonly repository: string;
  readonly action: "pull" | "push";
}

/** What the registry says: its codes are in https://distribution.github.io/distribution/spec/api/#errors-2 */
export type Verdict = { readonly ok: true } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly status: 401 | 403 | 404 | 429;
  readonly code: string;
  readonly message: string;
}

/** Of a simulated cloud's registry: with the rule that it was refused by. */
export type RuledVerdict<Rule extends string> = Verdict & { readonly rule?: Rule };

export interface Gateway {
  /** As HTTPS_PROXY takes it. */
  readonly url: string;
  close(): Promise<void>;
}

/** An HTTP proxy through which nothing is reached but the clouds' registries, as CONNECT tunnels (RFC 9110, 9.3.6). */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { address, ca, hosts, log = () => undefined } = options;
  const servers = new Map<string, https.Server>();
  const sockets = new Set<net.Socket>();
  const proxy = http.createServer((request, response) => {
    log(`${request.method} ${request.url}: no tunnel, refused`);
    response.writeHead(403).end("this proxy makes tunnels (CONNECT) to registries only\n");
  });
  proxy.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  proxy.on("connect", (request, socket: net.Socket, head) => {
    socket.on("error", () => socket.destroy());
    const host = (request.url ?? "").replace(/:443$/, "");
    const registry = hosts.find(({ pattern }) => pattern.test(host));
    if (registry === undefined) {
      log(`CONNECT ${host}: unknown, refused`);
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const server = servers.get(host) ?? registryServer(host, registry, options);
    servers.set(host, server);
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    server.emit("connection", socket);
  });

  /** Never listens: it is handed the connections that come through tunnels. */
  function registryServer(host: string, registry: RegistryHost, { upstream }: GatewayOptions) {
    const { certificate, key } = ca.issue([host.replace(/:\d+$/, "")]);
    return https.createServer({ cert: certificate, key }, (request, response) => {
      serve(request, response, { host, registry, upstream: new URL(upstream), log }).catch(
        (error: unknown) => {
          log(`${host}: ${String(error)}`);
          response.destroy();
        },
      );
    });
  }

  await new Promise<void>((resolve, reject) => {
    proxy.once("error", reject);
    proxy.listen(options.port, address, () => resolve());
  });
  const listening = proxy.address();
  const port = typeof listening === "object" ? listening?.port : undefined;
  return {
    url: `http://${address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

interface Served {
  readonly host: string;
  readonly registry: RegistryHost;
  readonly upstream: URL;
  readonly log: (line: string) => void;
}

async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { host, registry, upstream, log }: Served,
): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const login = loginOf(request.headers.authorization);
  const what = registryRequest(method, url);
  const verdict =
    what === undefined
      ? ({ ok: false, status: 404, code: "UNSUPPORTED", message: "not part of this API" } as const)
      : await authorizeAll(registry, login, [
          { host, repository: what.repository, action: what.action },
          ...(what.from === undefined
            ? []
            : [{ host, repository: what.from, action: "pull" as const }]),
        ]);
  if (!verdict.ok) {
    log(`${host}: ${method} ${url}: ${verdict.status} ${verdict.code}`);
    refuse(response, host, verdict);
    return;
  }
  const path = withRepository(url, (name) => registry.path?.(name) ?? name);
  const headers = { ...request.headers };
  delete headers.authorization;
  const onward = http.request(upstream, { method, path, headers });
  onward.once("error", (error) => {
    log(`${host}: ${method} ${url}: ${error.message}`);
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  onward.once("response", (answer) => {
    response.writeHead(
      answer.statusCode ?? 502,
      outside(answer.headers, host, what?.repository ?? ""),
    );
    pipeline(answer, response, () => undefined);
  });
  pipeline(request, onward, () => undefined);
}

async function authorizeAll(
  registry: RegistryHost,
  login: Login | undefined,
  accesses: readonly Access[],
): Promise<Verdict> {
  for (const access of accesses) {
    const verdict = await registry.authorize(login, access);
    if (!verdict.ok) return verdict;
  }
  return { ok: true };
}

function refuse(response: http.ServerResponse, host: string, refusal: Refusal): void {
  const { status, code, message } = refusal;
  response.writeHead(status, {
    "content-type": "application/json",
    "docker-distribution-api-version": "registry/2.0",
    ...(status === 401 ? { "www-authenticate": `Basic realm="https://${host}"` } : {}),
  });
  // Docker takes an error in the registry's standard words and without details for a passing one, and tries for a minute.
  response.end(JSON.stringify({ errors: [{ code, message, detail: {} }] }));
}

/** RFC 7617, 2. */
function loginOf(authorization = ""): Login | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const [user = "", ...password] = Buffer.from(encoded, "base64").toString().split(":");
  return { user, password: password.join(":") };
}

/** Where an upload goes on, and the next page of a list: at this host, under the name that the client knows. */
function outside(
  headers: http.IncomingHttpHeaders,
  host: string,
  repository: string,
): http.IncomingHttpHeaders {
  const { location, link } = headers;
  const url = (inner: string) => `https://${host}${withRepository(inner, () => repository)}`;
  return {
    ...headers,
    ...(location === undefined ? {} : { location: url(location) }),
    ...(typeof link !== "string"
      ? {}
      : { link: link.replace(/<([^>]*)>/, (_, inner: string) => `<${url(inner)}>`) }),
  };
}
