import * as http from "node:http";
import { isValues, type Values } from "./values";

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  /** Of JSON or of a form; {} where there is none. */
  readonly body: Values;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Serves JSON on 127.0.0.1. An error that is thrown is an answer 500. */
export function serveJson(
  port: number,
  answer: (request: RestRequest) => Promise<RestAnswer> | RestAnswer,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    void read(request)
      .then(answer)
      .catch((error: unknown) => ({ status: 500, body: { error: String(error) } }))
      .then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
  });
  // Operations take as long as they take.
  server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

async function read(request: http.IncomingMessage): Promise<RestRequest> {
  const url = new URL(request.url ?? "/", "http://localhost");
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return {
    method: request.method ?? "GET",
    path: decodeURI(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    body: parse(text, request.headers["content-type"] ?? ""),
  };
}

function parse(text: string, type: string): Values {
  if (text === "") return {};
  if (type.startsWith("application/x-www-form-urlencoded"))
    return Object.fromEntries(new URLSearchParams(text));
  const value: unknown = JSON.parse(text);
  return isValues(value) ? value : {};
}
