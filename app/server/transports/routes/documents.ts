import type { DataPlane, ModelStatus, ServedVersion } from "../../data-plane";
import { jsonReply, JSON_TYPE, type Endpoint, type Handler, type Reply } from "./endpoint";
import { findByQuery } from "./plain";
import { plain as protocol } from "./protocols";

export interface DocumentOptions {
  /** Whether an API key is needed, which page and document tell. */
  readonly keys: boolean;
  readonly maxRows: number;
  readonly maxBodyBytes: number;
}

/** What people read: the page (or, for programs, the same as JSON) and the OpenAPI document. */
export function documentEndpoints(dataPlane: DataPlane, options: DocumentOptions): Endpoint[] {
  const greeting: Handler = (call) => {
    const served = findByQuery(dataPlane, call);
    const models = dataPlane.models();
    const headers = ["vary", "accept", "cache-control", "no-cache"];
    if (!prefersHtml(call.headers.accept))
      return { ...jsonReply(greet(served, models, call.query !== undefined)), headers };
    return renderPage(served, models, options.keys, headers);
  };

  let cached: { readonly models: readonly ModelStatus[]; readonly body: string } | undefined;
  const openapi: Handler = async () => {
    const models = dataPlane.models();
    if (cached === undefined || !same(cached.models, models)) {
      const { openapiDocument } = await import("../../openapi");
      const document = openapiDocument(models, { ...options, defaultModel: defaultOf(dataPlane) });
      cached = { models, body: JSON.stringify(document) };
    }
    return { status: 200, type: JSON_TYPE, body: cached.body };
  };

  return [
    { path: "/", protocol, open: true, GET: greeting },
    { path: "/openapi.json", protocol, open: true, GET: openapi },
  ];
}

/** Loaded by the first browser that comes. */
async function renderPage(
  served: ServedVersion,
  models: readonly ModelStatus[],
  keys: boolean,
  headers: readonly string[],
): Promise<Reply> {
  const page = await import("../../page");
  const { html, contentSecurityPolicy } = page.renderPage(served, models, keys);
  return {
    status: 200,
    type: "text/html; charset=utf-8",
    body: html,
    headers: [
      ...headers,
      ...["content-security-policy", contentSecurityPolicy],
      ...["x-content-type-options", "nosniff"],
      ...["referrer-policy", "no-referrer"],
      ...["x-frame-options", "DENY"],
      ...["cross-origin-opener-policy", "same-origin"],
      ...["cross-origin-resource-policy", "same-origin"],
    ],
  };
}

/**
 * What a program reads at `/`: who is here, how well it does, and a request that works when pasted.
 * @param chosen whether the model was asked for: then the request names it, too
 */
function greet(
  { metadata, version, facts }: ServedVersion,
  models: readonly ModelStatus[],
  chosen: boolean,
): unknown {
  const { evaluation, trainedOn } = facts;
  const query = chosen ? `?model=${metadata.name}&version=${version}` : "";
  return {
    greeting: `modelport serves ${metadata.title}`,
    /** What KServe's client takes for a server that is alive. */
    status: "alive",
    description: metadata.description,
    model: metadata.name,
    version,
    score: evaluation?.score,
    metric: evaluation?.metric,
    trainedOn,
    framework: metadata.framework,
    labels: metadata.labels,
    predict: {
      method: "POST",
      path: `/predict${query}`,
      body: { instances: metadata.examples.slice(0, 1).map(({ instance }) => instance) },
    },
    models: models.map(({ name, versions }) => ({
      name,
      versions: versions.filter(({ state }) => state === "ready").map((own) => own.version),
    })),
    openapi: "/openapi.json",
  };
}

function defaultOf(dataPlane: DataPlane): string | undefined {
  try {
    return dataPlane.find().metadata.name;
  } catch {
    return undefined; // None can be asked yet.
  }
}

/** Whether a document made of `before` is still right. */
function same(before: readonly ModelStatus[], now: readonly ModelStatus[]): boolean {
  return (
    before.length === now.length &&
    now.every(({ name, defaultVersion, metadata, versions }, i) => {
      const old = before[i];
      return (
        old?.name === name &&
        old.defaultVersion === defaultVersion &&
        old.metadata === metadata &&
        old.versions.length === versions.length &&
        versions.every(
          ({ version, state }, j) =>
            old.versions[j]?.version === version && old.versions[j].state === state,
        )
      );
    })
  );
}

/** Browsers ask for text/html first; curl and programs don't name it. */
function prefersHtml(accept = ""): boolean {
  const html = accept.indexOf("text/html");
  const data = accept.indexOf("application/json");
  return html !== -1 && (data === -1 || html < data);
}
