import * as http from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export type Handler = (asked: Asked) => Answer;

/** An HTTP server that answers what a test puts into it, and 404 to all else. */
export class Fixture {
  readonly asked: Asked[] = [];
  private readonly handlers = new Map<string, Handler>();
  private readonly server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://fixture");
      const asked: Asked = {
        method: request.method ?? "",
        path: pathname,
        query: searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      this.asked.push(asked);
      const answer = this.answer(asked);
      response.writeHead(answer.status ?? 200, {
        "content-type": "application/json",
        ...answer.headers,
      });
      response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
    });
  });

  /** @param guard answers in the place of all others, where it does. Default: none */
  constructor(private readonly guard: (asked: Asked) => Answer | undefined = () => undefined) {}

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** @param answer of the path, whatever the query; the last one counts */
  on(path: string, answer: Answer | Handler): void {
    this.handlers.set(path, typeof answer === "function" ? answer : () => answer);
  }

  times(path: string): number {
    return this.asked.filter((asked) => asked.path === path).length;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(asked: Asked): Answer {
    return (
      this.guard(asked) ??
      this.handlers.get(asked.path)?.(asked) ?? {
        status: 404,
        body: { error: { code: 404, message: `nothing is at ${asked.path}` } },
      }
    );
  }
}
