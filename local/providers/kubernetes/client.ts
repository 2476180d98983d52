/**
 * A small Kubernetes client over node:https. `@kubernetes/client-node` would do, but loading its
 * configuration module alone takes 190 ms, and every `pulumi up` starts this plugin twice.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Plain, PlainObject } from "../rpc/properties";
import type { Connection } from "./kubeconfig";
import { getNumber, getString, type KubeObject } from "./object";

export interface RequestOptions {
  query?: Record<string, string | undefined>;
  body?: Plain;
  contentType?: string;
  signal?: AbortSignal;
}

/** The API server's answer with a status of 400 or more. */
export class ApiError extends Error {
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, … */
  readonly reason: string;

  constructor(readonly status: PlainObject) {
    super(getString(status, "message"));
    this.code = getNumber(status, "code") ?? 500;
    this.reason = getString(status, "reason");
  }
}

/** No answer at all. */
export class UnreachableError extends Error {}

export const isNotFound = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 404;

const connectTimeoutMs = 10_000;

export class KubeClient {
  readonly #requests: http.Agent;
  /** Watches hold their connection; they must not take those that requests wait for. */
  readonly #watches: http.Agent;
  readonly #base: URL;

  constructor(private readonly connection: Connection) {
    this.#base = new URL(connection.server);
    const { ca, cert, key, tlsServerName: servername } = connection;
    const tls: https.AgentOptions = {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(servername !== undefined && { servername }),
      rejectUnauthorized: !connection.insecureSkipTlsVerify,
    };
    const agent = (options: http.AgentOptions): http.Agent =>
      this.#base.protocol === "https:"
        ? new https.Agent({ ...options, ...tls })
        : new http.Agent(options);
    this.#requests = agent({ keepAlive: true, maxSockets: 32 });
    this.#watches = agent({ keepAlive: false });
  }

  get(path: string, options: RequestOptions = {}): Promise<KubeObject> {
    return this.#json("GET", path, options);
  }

  create(path: string, options: RequestOptions): Promise<KubeObject> {
    return this.#json("POST", path, options);
  }

  replace(path: string, options: RequestOptions): Promise<KubeObject> {
    return this.#json("PUT", path, options);
  }

  delete(path: string, options: RequestOptions): Promise<KubeObject> {
    return this.#json("DELETE", path, options);
  }

  /** Server-side apply. JSON is YAML, and the only apply format every served version knows is YAML. */
  apply(path: string, options: RequestOptions): Promise<KubeObject> {
    return this.#json("PATCH", path, { ...options, contentType: "application/apply-patch+yaml" });
  }

  jsonPatch(path: string, options: RequestOptions): Promise<KubeObject> {
    return this.#json("PATCH", path, { ...options, contentType: "application/json-patch+json" });
  }

  async text(path: string, options: RequestOptions = {}): Promise<string> {
    return read(await this.#open("GET", path, options, this.#requests));
  }

  /** Calls back for each event until the server closes the stream or the signal fires. */
  async watch(
    path: string,
    options: RequestOptions,
    onEvent: (type: string, object: KubeObject) => void,
  ): Promise<void> {
    const response = await this.#open("GET", path, options, this.#watches);
    let rest = "";
    response.setEncoding("utf8");
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.trim() === "") continue;
        const event = JSON.parse(line) as { type: string; object: KubeObject };
        onEvent(event.type, event.object);
      }
    }
  }

  close(): void {
    this.#requests.destroy();
    this.#watches.destroy();
  }

  async #token(): Promise<string | undefined> {
    try {
      return this.connection.token ?? (await this.connection.exec?.token());
    } catch (error) {
      throw new UnreachableError(`getting credentials: ${(error as Error).message}`);
    }
  }

  async #json(method: string, path: string, options: RequestOptions): Promise<KubeObject> {
    return JSON.parse(
      await read(await this.#open(method, path, options, this.#requests)),
    ) as KubeObject;
  }

  async #open(
    method: string,
    path: string,
    options: RequestOptions,
    agent: http.Agent,
  ): Promise<http.IncomingMessage> {
    const token = await this.#token();
    const url = new URL(this.#base.pathname.replace(/\/$/, "") + path, this.#base);
    for (const [key, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, value);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers: http.OutgoingHttpHeaders = {
      Accept: "application/json",
      "User-Agent": "modelport-provider",
    };
    if (body !== undefined) {
      headers["Content-Type"] = options.contentType ?? "application/json";
      headers["Content-Length"] = Buffer.byteLength(body);
    }
    if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
    return new Promise((resolve, reject) => {
      const request = (url.protocol === "https:" ? https : http).request(
        url,
        {
          method,
          headers,
          agent,
          ...(options.signal !== undefined && { signal: options.signal }),
        },
        (response) => {
          clearTimeout(timer);
          if ((response.statusCode ?? 500) < 400) resolve(response);
          else void read(response).then((text) => reject(toApiError(response, text)), reject);
        },
      );
      const timer = setTimeout(() => {
        // Without a socket it waits for its turn; with a connected one the server is at work.
        if (request.socket?.connecting === true) request.destroy(new Error("no answer in 10 s"));
      }, connectTimeoutMs);
      request.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(
          options.signal?.aborted === true && !isTimeout(options.signal)
            ? error
            : new UnreachableError(
                `the Kubernetes API server at ${this.#base.origin} does not answer: ${reasonOf(error)}`,
              ),
        );
      });
      request.end(body);
    });
  }
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
}

/** Where both IPv4 and IPv6 were tried, Node's error has no message of its own. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.message === "" ? (error.code ?? error.name) : error.message;
}

async function read(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function toApiError(response: http.IncomingMessage, text: string): ApiError {
  const code = response.statusCode ?? 500;
  try {
    const status = JSON.parse(text) as PlainObject;
    if (status["kind"] === "Status") return new ApiError({ code, ...status });
  } catch {
    // Not every answer on the way is the API server's own.
  }
  return new ApiError({ code, reason: "", message: text.trim() || `HTTP ${String(code)}` });
}
