import type { IncomingMessage } from "node:http";
import { parseInstances, renderPredictions } from "../codec/plain";
import type { DataPlane, ServedVersion } from "../data-plane";
import { renderPage } from "../page";
import { readBody } from "./body";

/** An answer: `body` as it goes out. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (request: IncomingMessage) => Reply | Promise<Reply>;

/** Handlers by method; HEAD and OPTIONS follow from them. */
export type Route = Readonly<Partial<Record<"GET" | "POST", Handler>>>;

export interface RouteLimits {
  readonly maxBodyBytes: number;
  readonly maxRows: number;
}

/** The endpoints: each reads the request, asks the data plane and writes the answer, nothing more. */
export function createRoutes(
  dataPlane: DataPlane,
  limits: RouteLimits,
  isDraining: () => boolean,
): ReadonlyMap<string, Route> {
  const predict: Handler = async (request) => {
    const body = await readBody(request, limits.maxBodyBytes);
    const served = dataPlane.find();
    const rows = parseInstances(body, served, limits.maxRows);
    return { ...ok, body: renderPredictions(served, await dataPlane.predict(served, rows)) };
  };

  const greeting: Handler = (request) => {
    const served = dataPlane.find();
    const headers = { vary: "accept", "cache-control": "no-cache" };
    if (!prefersHtml(request.headers.accept)) return json(greet(served), 200, headers);
    const { html, contentSecurityPolicy } = renderPage(served);
    return {
      status: 200,
      type: "text/html; charset=utf-8",
      body: html,
      headers: {
        ...headers,
        "content-security-policy": contentSecurityPolicy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      },
    };
  };

  const score: Handler = () => {
    const { metadata, version, facts } = dataPlane.find();
    const { score, metric, testRows } = facts;
    return json({ model: metadata.name, version, score, metric, testRows });
  };

  /** Green as long as the process answers: while it loads and while it drains, too. */
  const live: Handler = () => json({ status: "ok" });

  const ready: Handler = () => {
    const status = dataPlane.status();
    if (isDraining()) return json({ ...status, ready: false, reason: "draining" }, 503);
    return json(status, status.ready ? 200 : 503);
  };

  return new Map<string, Route>([
    ["/predict", { POST: predict }],
    ["/", { GET: greeting }],
    ["/score", { GET: score }],
    ["/healthz", { GET: live }],
    ["/readyz", { GET: ready }],
  ]);
}

const ok = { status: 200, type: "application/json" } as const;

function json(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Reply {
  const reply = { status, type: ok.type, body: JSON.stringify(value) };
  return headers === undefined ? reply : { ...reply, headers };
}

/** What a program reads at `/`: who is here, how well it does, and a request that works when pasted. */
function greet({ metadata, version, facts }: ServedVersion): unknown {
  return {
    greeting: `modelport serves ${metadata.title}`,
    description: metadata.description,
    model: metadata.name,
    version,
    score: facts.score,
    framework: metadata.framework,
    labels: metadata.labels,
    predict: {
      method: "POST",
      path: "/predict",
      body: { instances: metadata.examples.slice(0, 1).map(({ instance }) => instance) },
    },
  };
}

/** Browsers ask for text/html first; curl and programs don't name it. */
function prefersHtml(accept = ""): boolean {
  const html = accept.indexOf("text/html");
  const data = accept.indexOf("application/json");
  return html !== -1 && (data === -1 || html < data);
}
