/** A client of the HTTP transport that shows everything it got. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The body as JSON. */
  readonly body: Record<string, unknown>;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Other than text and bytes: sent as JSON. */
  readonly body?: unknown;
}

/** Asks `url`; POST when there is a body. */
export async function ask(url: string, question: Question = {}): Promise<Answer> {
  const { body, headers = {} } = question;
  const method = question.method ?? (body === undefined ? "GET" : "POST");
  const sent =
    body === undefined || typeof body === "string"
      ? body
      : body instanceof Uint8Array
        ? new Uint8Array(body)
        : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    // Text, unless told otherwise, would go out as text/plain.
    headers: {
      ...(typeof sent === "string" ? { "content-type": "application/json" } : {}),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    get body() {
      return JSON.parse(bytes.toString()) as Record<string, unknown>;
    },
  };
}
