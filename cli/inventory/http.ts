import { setTimeout as pause } from "node:timers/promises";

/** A request whose answer is JSON. */
export interface Question {
  readonly url: string;
  /** Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a POST. Default: a GET. */
  readonly form?: Readonly<Record<string, string>>;
  /** Likewise. */
  readonly json?: unknown;
}

export interface Patience {
  /** Of one try. */
  readonly timeoutMs: number;
  readonly tries: number;
  /** Before the second try; doubles with each. The server's own wish counts where it is told. */
  readonly firstPauseMs: number;
  /** A server may not wish for more. */
  readonly longestPauseMs: number;
}

const PATIENCE: Patience = {
  timeoutMs: 30_000,
  tries: 5,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
};

/** Too many requests, and faults of the server that pass. */
const PASSING: readonly number[] = [408, 429, 500, 502, 503, 504];

/** An answer that is no success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly url: string,
    /** Parsed where it is JSON. */
    readonly body: unknown,
    /** How long the server wants to be left alone. */
    readonly retryAfterMs?: number | undefined,
  ) {
    super(`status ${status} from ${hostAndPath(url)}: ${told(body)}`);
  }
}

/** The server could not be asked, or not to the end. */
export class NoAnswer extends Error {}

/**
 * Asks, again where that may help: everything asked here reads only.
 *
 * @throws ApiError after the last try, or at once where trying again is no use
 * @throws NoAnswer where nobody answers
 */
export async function ask(question: Question, patience: Patience = PATIENCE): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= patience.tries;
    const wait = patience.firstPauseMs * 2 ** (attempt - 1);
    try {
      return await askOnce(question, patience);
    } catch (error) {
      if (last || !passes(error)) throw error;
      await pause(Math.min(wishOf(error) ?? wait, patience.longestPauseMs));
    }
  }
}

async function askOnce(
  { url, headers = {}, form, json }: Question,
  { timeoutMs }: Patience,
): Promise<unknown> {
  const body =
    form === undefined
      ? json === undefined
        ? undefined
        : JSON.stringify(json)
      : new URLSearchParams(form).toString();
  const type =
    form === undefined ? "application/json" : "application/x-www-form-urlencoded; charset=utf-8";
  try {
    const answer = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    const content = parsed(text);
    if (answer.ok && content !== undefined) return content;
    const retryAfter = milliseconds(answer.headers.get("retry-after"));
    throw new ApiError(answer.status, url, content ?? text, retryAfter);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new NoAnswer(`no answer from ${hostAndPath(url)}: ${causeOf(error)}`, { cause: error });
  }
}

const passes = (error: unknown) =>
  error instanceof NoAnswer || (error instanceof ApiError && PASSING.includes(error.status));

/** @param retryAfter seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function milliseconds(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const ms = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - Date.now();
  return ms >= 0 ? ms : undefined;
}

const wishOf = (error: unknown) => (error instanceof ApiError ? error.retryAfterMs : undefined);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without the query: it may name an account. */
function hostAndPath(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.name === "TimeoutError" ? "not in time" : cause.message;
}

const LONGEST = 300;

/** The message in the answers of Google, IBM Cloud and Kubernetes, which all put it elsewhere. */
function told(body: unknown): string {
  const text = messageIn(body) ?? JSON.stringify(body);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

const PLACES = ["message", "errorMessage", "error_description", "description", "error", "errors"];

function messageIn(body: unknown): string | undefined {
  if (typeof body === "string") return body === "" ? undefined : body;
  if (Array.isArray(body)) return messageIn(body[0]);
  if (typeof body !== "object" || body === null) return undefined;
  const values = new Map(Object.entries(body));
  return PLACES.map((place) => messageIn(values.get(place))).find((text) => text !== undefined);
}
