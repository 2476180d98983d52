import type { Json } from "./schemas";

/** What is the same for every operation. */
export class Operations {
  private readonly ids = new Set<string>();

  /** @param keys whether an API key is needed where nothing else is said */
  constructor(private readonly keys: boolean) {}

  /** @param open answered without a key */
  get(id: string, summary: string, answer: Json, open: boolean, more: Json = {}): Json {
    return this.operation(id, summary, answer, open, open ? [] : [401, 404, 429], more);
  }

  post(id: string, summary: string, content: Json, answer: Json, more: Json = {}): Json {
    const faults = [400, 401, 404, 408, 413, 415, 422, 429, 503];
    return this.operation(id, summary, answer, false, faults, {
      ...more,
      requestBody: { required: true, content },
    });
  }

  private operation(
    id: string,
    summary: string,
    answer: Json,
    open: boolean,
    faults: readonly number[],
    more: Json,
  ): Json {
    if (this.ids.has(id)) throw new Error(`operation "${id}" is there twice`);
    this.ids.add(id);
    const own = faults.filter((status) => this.keys || status !== 401);
    return {
      operationId: id,
      summary,
      ...more,
      ...(this.keys ? { security: open ? [] : [{ bearer: [] }, { apiKey: [] }] } : {}),
      responses: {
        200: { description: "success", content: answer },
        ...Object.fromEntries(
          own.map((status) => [status, { $ref: `#/components/responses/${FAULTS[status] ?? ""}` }]),
        ),
      },
    };
  }
}

const FAULTS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  404: "NotFound",
  408: "TooSlow",
  413: "TooLarge",
  415: "UnsupportedEncoding",
  422: "NoFiniteAnswer",
  429: "TooManyRequests",
  503: "Unavailable",
};

export function json(schema: Json, more: Json = {}): Json {
  return { "application/json": { schema, ...more } };
}

/** `#/components/responses`: every error, in the words of every protocol. */
export function errorResponses(): Json {
  const retry = {
    "Retry-After": { description: "seconds to wait", schema: { type: "integer" } },
  };
  const response = (description: string, headers?: Json): Json => ({
    description,
    ...(headers === undefined ? {} : { headers }),
    content: json({ $ref: "#/components/schemas/Error" }),
  });
  return {
    BadRequest: response("the request is wrong; the answer names the field"),
    Unauthorized: response("an API key is needed", {
      "WWW-Authenticate": { schema: { type: "string" } },
    }),
    NotFound: response("no such model, version or score"),
    TooSlow: response("the request took too long to arrive"),
    TooLarge: response("the body or its rows are too many"),
    UnsupportedEncoding: response("Content-Encoding or charset is not served"),
    NoFiniteAnswer: response("the model's answer to these values is not a finite number"),
    TooManyRequests: response("the rate limit is reached", retry),
    Unavailable: response("the model is loading or failed, or too many requests wait", retry),
  };
}
