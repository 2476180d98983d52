import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../errors";
import type { Golden, ModelVersion } from "../models";

/** What proves a service: requests that must all be answered rightly, in this order. */
export interface Proof {
  readonly requests: readonly ProofRequest[];
  /** Of every request, by lower-case name; may hold an API key. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProofRequest {
  readonly path: string;
  readonly body: unknown;
  /** Sent without the proof's headers, and right when it is refused with 401. Default: false. */
  readonly refused?: boolean;
  /** Whether any 2xx answer is right, JSON or not. Default: false. */
  readonly anyAnswer?: boolean;
  /** Why an answer is wrong, or undefined when it is right. */
  fault(answer: unknown): string | undefined;
}

/** Sends one request; any transport failure rejects. */
export type Send = (
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
) => Promise<{ status: number; text: string }>;

/** A model as a service has it; the newest version is last. */
export interface ServedModel {
  readonly name: string;
  readonly versions: readonly ModelVersion[];
}

export interface GoldenProofArgs {
  readonly models: readonly ServedModel[];
  /** The one that answers a request without a name. */
  readonly defaultModel: string;
  /** Sent as `x-api-key`: the API server's proxy keeps `authorization` for itself. Default: none. */
  readonly apiKey?: string;
  /** The server's. Default: 65536. */
  readonly maxBodyBytes?: number;
  /** The server's. Default: 1024. */
  readonly maxRows?: number;
}

/** Requests stay well below the server's limits. */
const SHARE_OF_LIMIT = 0.5;

/** The golden answers of every version that is served, each version in one request. */
export function goldenProof(args: GoldenProofArgs): Proof {
  const { models, defaultModel, apiKey, maxBodyBytes = 64 * 1024, maxRows = 1024 } = args;
  const limits = {
    bytes: maxBodyBytes * SHARE_OF_LIMIT,
    rows: Math.max(1, Math.floor(maxRows * SHARE_OF_LIMIT)),
  };
  const requests = models.flatMap(({ name, versions }) =>
    versions.map(({ version, golden }, index) => {
      const plain = name === defaultModel && index === versions.length - 1;
      const path = plain ? "/predict" : `/predict?model=${name}&version=${version}`;
      return { plain, request: goldenRequest(path, golden, limits) };
    }),
  );
  // What a user asks first is proven first.
  requests.sort((a, b) => Number(b.plain) - Number(a.plain));
  const proven = requests.map(({ request }) => request);
  const [first] = proven;
  if (apiKey === undefined || first === undefined) return { requests: proven, headers: {} };
  // Pods from before there were keys answer anybody for some seconds more.
  const closed: ProofRequest = { ...first, refused: true };
  return { requests: [...proven, closed], headers: { "x-api-key": apiKey } };
}

function goldenRequest(
  path: string,
  golden: Golden,
  limits: { bytes: number; rows: number },
): ProofRequest {
  const requests: Golden["requests"][number][] = [];
  let bytes = 0;
  for (const request of golden.requests) {
    bytes += Buffer.byteLength(JSON.stringify(request.instance)) + 1;
    if (requests.length === limits.rows || (requests.length > 0 && bytes > limits.bytes)) break;
    requests.push(request);
  }
  return {
    path,
    body: { instances: requests.map(({ instance }) => instance) },
    fault: (answer) => goldenFault({ ...golden, requests }, answer),
  };
}

interface Answer {
  model?: unknown;
  version?: unknown;
  predictions?: unknown[];
}

function goldenFault(golden: Golden, answer: unknown): string | undefined {
  const { model, version, predictions } = (answer ?? {}) as Answer;
  if (model !== golden.model || version !== golden.version)
    return `model ${golden.model} version ${golden.version} expected, ${show(model)} version ${show(version)} answered`;
  if (!Array.isArray(predictions) || predictions.length !== golden.requests.length)
    return `${golden.requests.length} predictions expected, got ${show(predictions)}`;
  for (const [index, { instance, prediction }] of golden.requests.entries())
    if (!agrees(predictions[index], prediction, golden.tolerance))
      return `for ${show(instance)} the answer is ${show(predictions[index])}, golden.json says ${show(prediction)}`;
  return undefined;
}

/** Numbers within the tolerance, everything else equal; an answer holds what is wanted and nothing else. */
function agrees(got: unknown, wanted: unknown, tolerance: number): boolean {
  if (typeof wanted === "number")
    return typeof got === "number" && Math.abs(got - wanted) <= tolerance;
  if (typeof wanted !== "object" || wanted === null) return got === wanted;
  if (typeof got !== "object" || got === null || Array.isArray(got) !== Array.isArray(wanted))
    return false;
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(got).length &&
    keys.every((key) =>
      agrees(
        (got as Record<string, unknown>)[key],
        (wanted as Record<string, unknown>)[key],
        tolerance,
      ),
    )
  );
}

/** The proof of an own container: any 2xx answer, or one that contains `expect`. */
export function ownProof(request: { path: string; body: unknown; expect?: unknown }): Proof {
  const { path, body, expect } = request;
  const fault = (answer: unknown) =>
    expect === undefined || contains(answer, expect)
      ? undefined
      : `an answer with ${show(expect)} expected, got ${show(answer)}`;
  return { requests: [{ path, body, fault, anyAnswer: expect === undefined }], headers: {} };
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
export type Failure =
  | {
      readonly answered: boolean;
      readonly why: string;
      /** HTTP status of an answer that is wrong by it. */
      readonly status?: number;
      /** Whoever is there has a certificate that can't be trusted, and was asked nothing. */
      readonly untrusted?: true;
    }
  | undefined;

/** What a `Send` rejects with when it meets a stranger. */
export class UntrustedError extends Error {}

/** One try of one request. */
export async function tryRequest(
  proof: ProofRequest,
  headers: Proof["headers"],
  send: Send,
): Promise<Failure> {
  let response: Awaited<ReturnType<Send>>;
  try {
    const sent = proof.refused === true ? {} : headers;
    response = await send(proof.path, JSON.stringify(proof.body), sent);
  } catch (error) {
    const untrusted = error instanceof UntrustedError;
    return { answered: false, why: causeOf(error), ...(untrusted ? { untrusted } : {}) };
  }
  const { status, text } = response;
  if (proof.refused === true)
    return status === 401
      ? undefined
      : { answered: true, why: `HTTP ${status} without an API key, 401 expected` };
  if (status < 200 || status > 299)
    return { answered: true, status, why: `HTTP ${status}: ${text.slice(0, 300).trim()}` };
  if (proof.anyAnswer === true) return undefined;
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
