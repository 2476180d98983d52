import type { HttpCase } from "../generate/case";
import type { FramingCase } from "../generate/framing-types";
import { checkAny } from "../generate/http-case";
import { type HttpResponse, MalformedAnswer, ResponseReader } from "../wire/http-response";
import { checkError } from "./answers-http";

/** All that came back on a connection. */
export interface Transcript {
  readonly bytes: Buffer;
  /** Whether the server ended it. */
  readonly closed: boolean;
  /** The system's name of what broke it, such as ECONNRESET. */
  readonly error: string | undefined;
}

interface Verdict {
  /** What is wrong, undefined when nothing is. */
  readonly problem: string | undefined;
  /** For the tally: the odd request's status, or how it ended. */
  readonly outcome: string;
}

/**
 * Whether a server kept its head at odd bytes.
 * @param before right requests sent first on the connection
 * @param after a right request sent last, which asks for the connection's end
 */
export function judgeTranscript(
  made: FramingCase,
  before: readonly HttpCase[],
  after: HttpCase | undefined,
  transcript: Transcript,
): Verdict {
  try {
    const methods = [...before.map(({ method }) => method), made.method];
    const answers = readAnswers(transcript.bytes, methods, made.end !== "leave");
    const own = answers[before.length];
    const outcome =
      own === undefined
        ? (transcript.error ?? (transcript.closed ? "closed" : "silence"))
        : `${own.status}`;
    return { outcome, problem: fault(made, before, after, answers, transcript.closed) };
  } catch (error) {
    if (!(error instanceof MalformedAnswer)) throw error;
    return { outcome: "malformed", problem: `malformed answer: ${error.message}` };
  }
}

/** @param complete whether the last answer must be whole: not when we went while it came */
function readAnswers(bytes: Buffer, methods: readonly string[], complete: boolean): HttpResponse[] {
  const reader = new ResponseReader();
  reader.push(bytes);
  const answers: HttpResponse[] = [];
  for (;;) {
    const answer = reader.next(methods[answers.length] ?? "POST");
    if (answer === undefined) break;
    answers.push(answer);
  }
  if (reader.rest > 0 && complete)
    throw new MalformedAnswer(`${reader.rest} bytes behind the last one`);
  return answers;
}

function fault(
  made: FramingCase,
  before: readonly HttpCase[],
  after: HttpCase | undefined,
  answers: readonly HttpResponse[],
  closed: boolean,
): string | undefined {
  for (const answer of answers) {
    const problem = checkAny(answer) ?? (answer.status < 400 ? undefined : errorFault(answer));
    if (problem !== undefined) return problem;
    if (answer.body.includes("smuggled")) return "it answered what was another request's body";
  }
  // Sent and cut off by ourselves: what arrived of it is chance.
  if (made.end !== "golden" && made.end !== "wait") return undefined;
  for (const [i, golden] of before.entries()) {
    const answer = answers[i];
    // We may have given up before it was there.
    if (answer === undefined && made.outcome.verdict === "incomplete" && !closed) break;
    const problem = answer === undefined ? "it has no answer" : golden.check(answer);
    if (problem !== undefined) return `right request ${i + 1} of ${before.length}: ${problem}`;
  }
  const own = answers.slice(before.length);
  switch (made.outcome.verdict) {
    case "refused":
      return refusalFault(own, closed);
    case "answered": {
      const [first, ...more] = own;
      if (first === undefined) return "no answer";
      return made.outcome.check(first) ?? lastFault(after, more, closed);
    }
    case "either": {
      const last = own.at(-1);
      if (last === undefined) return closed ? undefined : "neither an answer nor an end";
      // Refused in the middle: the connection must not go on.
      if (last.closes || closed) return own.length > 2 ? tooMany(own) : undefined;
      return "the connection neither ended nor answered what came behind";
    }
    case "incomplete":
      return undefined;
  }
}

function errorFault(answer: HttpResponse): string | undefined {
  return answer.body.length === 0 && answer.headers.get("content-type") === undefined
    ? `${answer.status} without a body`
    : checkError("any", answer);
}

function refusalFault(own: readonly HttpResponse[], closed: boolean): string | undefined {
  const [first] = own;
  if (first === undefined) return closed ? "closed without an answer" : "no answer";
  if (first.status < 400) return `answered ${first.status}, a refusal wanted`;
  if (own.length > 1) return tooMany(own);
  return closed ? undefined : "the connection stays open behind what was no request";
}

function lastFault(
  after: HttpCase | undefined,
  answers: readonly HttpResponse[],
  closed: boolean,
): string | undefined {
  if (after === undefined) return undefined;
  const [first] = answers;
  if (answers.length > 1) return tooMany(answers);
  if (first === undefined) return "the request behind it has no answer";
  const problem = after.check(first);
  if (problem !== undefined) return `the request behind it: ${problem}`;
  return closed ? undefined : "the connection stays open behind Connection: close";
}

function tooMany(answers: readonly HttpResponse[]): string {
  return `${answers.length} answers: ${answers.map(({ status }) => status).join(", ")}`;
}
