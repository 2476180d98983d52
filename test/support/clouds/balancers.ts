import * as http from "node:http";
import * as https from "node:https";
import type * as net from "node:net";
import { pipeline } from "node:stream";
import { createSecureContext } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { forward, type Endpoint } from "../../../local/cluster/supervisor/forwarder";
import type { TestCertificate } from "../certificate";

export type { Endpoint } from "../../../local/cluster/supervisor/forwarder";

export interface BalancersOptions {
  /** The first three octets of the addresses to give, loopback, e.g. `127.213.7`. */
  readonly addresses: string;
  readonly log: (line: string) => void;
}

export interface HttpRoute {
  /** Default: every host that has no route of its own. */
  readonly host?: string;
  readonly target: Endpoint;
  /** Of the host. Default: the balancer's. */
  readonly certificate?: TestCertificate;
  /** Answers plain HTTP with the https URL. Default: the balancer's. */
  readonly redirect?: boolean;
}

export interface HttpBalancer {
  readonly routes: readonly HttpRoute[];
  /** Default: none; the balancer answers on port 80 alone unless a route has one. */
  readonly certificate?: TestCertificate;
  /** Default: false. */
  readonly redirect?: boolean;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** Ports of one address. */
interface Listening {
  readonly servers: Map<number, net.Server>;
  readonly connections: Set<net.Socket>;
  /** Where each port passes connections on to. */
  readonly targets: Map<number, Endpoint>;
  /** Where it balances HTTP: looked up on each request, so that routes change under open connections. */
  http?: HttpBalancer;
}

/** What clouds put in front of a cluster: addresses that pass connections, or HTTP requests, on to it. */
export class Balancers {
  private readonly listening = new Map<string, Listening>();
  private last = 0;

  constructor(private readonly options: BalancersOptions) {}

  /**
   * An address that nobody has; those given back last come last, as in a cloud.
   * @throws when all 254 are taken
   */
  allocate(): string {
    for (let tries = 0; tries < 254; tries++) {
      this.last = (this.last % 254) + 1;
      const address = `${this.options.addresses}.${this.last}`;
      if (this.listening.has(address)) continue;
      this.at(address);
      return address;
    }
    throw new Error(`all addresses of ${this.options.addresses}.0/24 are taken`);
  }

  /** Passes connections on; a port that is there already gets the new target. @throws when the port is taken */
  async tcp(address: string, port: number, target: Endpoint): Promise<void> {
    const { servers, targets } = this.at(address);
    // Whoever is about to connect isn't turned away for nothing.
    if (servers.has(port) && isDeepStrictEqual(targets.get(port), target)) return;
    targets.set(port, target);
    servers.get(port)?.close();
    this.listen(address, port, await forward({ host: address, port }, target));
  }

  /**
   * Passes HTTP requests on by their host, on port 80, and on 443 where there is a certificate; 404 where no route fits.
   * Called again, the new routes and certificates take the old ones' place.
   */
  async http(address: string, balancer: HttpBalancer): Promise<void> {
    const listening = this.at(address);
    listening.http = balancer;
    const { servers } = listening;
    if (!servers.has(HTTP_PORT)) {
      const server = http.createServer((request, response) =>
        this.balance(address, "http", request, response),
      );
      await this.open(address, HTTP_PORT, server);
    }
    const secure = certificates(balancer).length > 0;
    if (!secure) {
      servers.get(HTTPS_PORT)?.close();
      servers.delete(HTTPS_PORT);
    } else if (!servers.has(HTTPS_PORT)) {
      const server = https.createServer(
        {
          SNICallback: (name, done) => {
            const found = certificateFor(listening.http, name);
            if (found === undefined) done(new Error(`no certificate for ${name}`));
            else done(null, createSecureContext({ cert: found.certificate, key: found.key }));
          },
          ...pem(certificates(balancer)[0]),
        },
        (request, response) => this.balance(address, "https", request, response),
      );
      await this.open(address, HTTPS_PORT, server);
    }
  }

  /** Gives the address back, and ends its connections. */
  async close(address: string): Promise<void> {
    const listening = this.listening.get(address);
    this.listening.delete(address);
    for (const connection of listening?.connections ?? []) connection.destroy();
    await Promise.all(
      [...(listening?.servers.values() ?? [])].map(
        (server) => new Promise<void>((resolve) => server.close(() => resolve())),
      ),
    );
  }

  /** Gives all addresses back. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.listening.keys()].map((address) => this.close(address)));
  }

  private at(address: string): Listening {
    const found = this.listening.get(address) ?? {
      servers: new Map(),
      connections: new Set(),
      targets: new Map(),
    };
    this.listening.set(address, found);
    return found;
  }

  private open(address: string, port: number, server: http.Server | https.Server): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => {
        this.listen(address, port, server);
        resolve();
      });
    });
  }

  private listen(address: string, port: number, server: net.Server): void {
    const { servers, connections } = this.at(address);
    servers.set(port, server);
    server.on("connection", (connection) => {
      connections.add(connection);
      connection.once("close", () => connections.delete(connection));
    });
    this.options.log(`balancer ${address}:${port} listens`);
  }

  private balance(
    address: string,
    scheme: "http" | "https",
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): void {
    const balancer = this.listening.get(address)?.http;
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    const route = routeFor(balancer, host);
    if (route === undefined) {
      response.writeHead(404).end("default backend - 404");
    } else if (scheme === "http" && (route.redirect ?? balancer?.redirect) === true) {
      response.writeHead(308, { location: `https://${host}${request.url ?? "/"}` }).end();
    } else {
      proxy(scheme, route.target, request, response);
    }
  }
}

const routeFor = (balancer: HttpBalancer | undefined, host: string): HttpRoute | undefined =>
  balancer?.routes.find((route) => route.host === host) ??
  balancer?.routes.find((route) => route.host === undefined);

const certificates = ({ certificate, routes }: HttpBalancer): TestCertificate[] =>
  [certificate, ...routes.map((route) => route.certificate)].filter((one) => one !== undefined);

const certificateFor = (balancer: HttpBalancer | undefined, host: string) =>
  routeFor(balancer, host)?.certificate ?? balancer?.certificate;

const pem = (of: TestCertificate | undefined) =>
  of === undefined ? {} : { cert: of.certificate, key: of.key };

/** The host header stays, as balancers leave it; who asked, and how, is in the usual headers. */
function proxy(
  scheme: "http" | "https",
  target: Endpoint,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const onward = http.request({
    host: target.host,
    port: target.port,
    method: request.method,
    path: request.url,
    headers: {
      ...request.headers,
      "x-forwarded-for": request.socket.remoteAddress ?? "",
      "x-forwarded-proto": scheme,
    },
  });
  onward.once("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response, () => undefined);
  });
  onward.once("error", (error) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(error.message);
  });
  pipeline(request, onward, () => undefined);
}
