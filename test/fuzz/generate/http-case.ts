import { checkAnswer, type HttpProtocol } from "../oracle/answers-http";
import { isObject } from "../oracle/json";
import { ANY_REFUSAL, type Judgement, MAX_BODY_BYTES } from "../oracle/judgement";
import type { HttpResponse } from "../wire/http-response";
import { DISCARDED_BYTES, type HttpCase, type RequestParts, writeHead } from "./case";

/**
 * A case from its parts and what they deserve.
 * @param json the request's JSON text, where an answer's form depends on it
 */
export function httpCase(
  kind: string,
  protocol: HttpProtocol,
  parts: RequestParts,
  judgement: Judgement,
  json: Buffer = parts.body,
): HttpCase {
  const method = parts.method ?? "POST";
  return {
    kind,
    method,
    head: writeHead(parts),
    body: parts.body,
    alone: parts.body.length > MAX_BODY_BYTES,
    mayBreak: parts.body.length > DISCARDED_BYTES,
    check: (response) => checkAny(response) ?? checkAnswer(protocol, judgement, response, parse()),
  };

  function parse() {
    try {
      const value: unknown = JSON.parse(json.toString());
      return isObject(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A case that is looked at more closely than a prediction's answer. */
export function specialCase(
  kind: string,
  parts: RequestParts,
  check: (response: HttpResponse) => string | undefined,
): HttpCase {
  return {
    kind,
    method: parts.method ?? "POST",
    head: writeHead(parts),
    body: parts.body,
    alone: parts.body.length > MAX_BODY_BYTES,
    mayBreak: parts.body.length > DISCARDED_BYTES,
    check: (response) => checkAny(response) ?? check(response),
  };
}

/** What holds for every answer whatsoever. */
export function checkAny({ status, body, headers }: HttpResponse): string | undefined {
  if (status >= 500) return `answered ${status}: ${body.toString("latin1", 0, 300)}`;
  for (const [name, value] of headers)
    if (value.length > 2000) return `header ${name} of ${value.length} characters`;
  return undefined;
}

/** The same request, which a server may also refuse for another reason, with one of `statuses`. */
export function doubtful(
  judgement: Judgement,
  statuses: readonly number[] = ANY_REFUSAL,
): Judgement {
  if (judgement.verdict === "invalid")
    return { verdict: "invalid", statuses: [...judgement.statuses, ...statuses] };
  return {
    verdict: "doubtful",
    expected: judgement.expected,
    statuses: judgement.verdict === "valid" ? statuses : [...judgement.statuses, ...statuses],
  };
}
