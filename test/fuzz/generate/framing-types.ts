import type { HttpResponse } from "../wire/http-response";

/** What may follow a request whose framing is odd. */
export type FramingOutcome =
  /** An error in our shape, and the connection ends: whatever comes behind may be part of an attack. */
  | { readonly verdict: "refused" }
  /** Answered as any other, and the connection stays in step. */
  | { readonly verdict: "answered"; readonly check: (response: HttpResponse) => string | undefined }
  /** Refused or answered; in any case nothing but well-formed answers, and never more than there are requests. */
  | { readonly verdict: "either" }
  /** Not complete, or maybe not: silence is right, too. */
  | { readonly verdict: "incomplete" };

/** Bytes for a connection of their own. */
export interface FramingCase {
  readonly kind: string;
  /** Right requests sent before it on the same connection. */
  readonly before: number;
  /** Written one after the other, each in a packet of its own when the network sees it so. */
  readonly parts: readonly Buffer[];
  /** Of the odd request, which tells whether its answer has a body. */
  readonly method: string;
  readonly outcome: FramingOutcome;
  /**
   * How our side ends it: by a right request that asks for the end, by ending its own half, by a reset, by going after a
   * millisecond or so, whatever is on its way, or when nothing more comes.
   */
  readonly end: "golden" | "half-close" | "reset" | "leave" | "wait";
}

/** Answered with a status below 400. */
export function isSuccess({ status }: HttpResponse): string | undefined {
  return status < 400 ? undefined : `answered ${status}, success wanted`;
}

export const REFUSED: FramingOutcome = { verdict: "refused" };
export const EITHER: FramingOutcome = { verdict: "either" };
export const INCOMPLETE: FramingOutcome = { verdict: "incomplete" };
export const ANSWERED: FramingOutcome = { verdict: "answered", check: isSuccess };

/** A case without what all have in common. */
export type Draft = Pick<FramingCase, "outcome"> &
  Partial<FramingCase> & { readonly text?: string | Buffer };

/** A right request's body. */
export const BODY = '{"instances":[[5.1,3.5,1.4,0.2]]}';

/** Must never be answered: it is another request's body. */
export const SMUGGLED = "GET /v1/models/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/** A request with header lines that may be anything. */
export function post(lines: readonly string[], body = BODY): string {
  return ["POST /predict HTTP/1.1", "Host: x", ...lines, "", body].join("\r\n");
}
