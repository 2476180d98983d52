import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../errors";
import type { Golden } from "../models";

/** A request that proves a service, and what its answer must be. */
export interface Proof {
  readonly path: string;
  readonly body: unknown;
  /** Why an answer is wrong, or undefined when it is right. */
  fault(answer: unknown): string | undefined;
}

/** Sends one request; any transport failure rejects. */
export type Send = (path: string, body: string) => Promise<{ status: number; text: string }>;

/** Requests in one body stay below the server's limits of 64 KiB and 1024 rows. */
const MAX_ROWS = 500;
const MAX_BYTES = 48 * 1024;

/** All golden requests in one body; label and probabilities of every one must agree. */
export function goldenProof(golden: Golden): Proof {
  const requests: Golden["requests"][number][] = [];
  let bytes = 0;
  for (const request of golden.requests) {
    bytes += JSON.stringify(request.instance).length + 1;
    if (requests.length === MAX_ROWS || bytes > MAX_BYTES) break;
    requests.push(request);
  }
  return {
    path: "/predict",
    body: { instances: requests.map(({ instance }) => instance) },
    fault: (answer) => goldenFault({ ...golden, requests }, answer),
  };
}

interface Answer {
  model?: unknown;
  version?: unknown;
  predictions?: { label?: unknown; probabilities?: unknown }[];
}

function goldenFault(golden: Golden, answer: unknown): string | undefined {
  const { model, version, predictions } = (answer ?? {}) as Answer;
  if (model !== golden.model || version !== golden.version)
    return `model ${golden.model} version ${golden.version} expected, ${show(model)} version ${show(version)} answered`;
  if (!Array.isArray(predictions) || predictions.length !== golden.requests.length)
    return `${golden.requests.length} predictions expected, got ${show(predictions)}`;
  for (const [index, request] of golden.requests.entries()) {
    const got = predictions[index];
    const wanted = request.prediction;
    const close =
      Array.isArray(got?.probabilities) &&
      got.probabilities.length === wanted.probabilities.length &&
      wanted.probabilities.every(
        (value, i) =>
          Math.abs(value - Number((got.probabilities as unknown[])[i])) <= golden.tolerance,
      );
    if (got?.label !== wanted.label || !close)
      return `for ${show(request.instance)} the answer is ${show(got)}, golden.json says ${show(wanted)}`;
  }
  return undefined;
}

/** The proof of an own container: any 2xx answer, or one that contains `expect`. */
export function ownProof(request: { path: string; body: unknown; expect?: unknown }): Proof {
  const { path, body, expect } = request;
  return {
    path,
    body,
    fault: (answer) =>
      expect === undefined || contains(answer, expect)
        ? undefined
        : `an answer with ${show(expect)} expected, got ${show(answer)}`,
  };
}

/** Objects may hold more than is wanted of them; everything else must be equal. */
function contains(answer: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted))
    return isDeepStrictEqual(answer, wanted);
  if (typeof answer !== "object" || answer === null) return false;
  return Object.entries(wanted).every(([key, value]) =>
    contains((answer as Record<string, unknown>)[key], value),
  );
}

/** Why the last try failed; undefined when the service predicted. */
export type Failure = { readonly answered: boolean; readonly why: string } | undefined;

/** One try. */
export async function tryProof(proof: Proof, send: Send): Promise<Failure> {
  let response: Awaited<ReturnType<Send>>;
  try {
    response = await send(proof.path, JSON.stringify(proof.body));
  } catch (error) {
    return { answered: false, why: causeOf(error) };
  }
  const { status, text } = response;
  if (status < 200 || status > 299)
    return { answered: true, why: `HTTP ${status}: ${text.slice(0, 300).trim()}` };
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { answered: true, why: `not JSON: ${text.slice(0, 300).trim()}` };
  }
  const why = proof.fault(answer);
  return why === undefined ? undefined : { answered: true, why };
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}
