import type { HttpCase } from "../generate/case";
import { goldenCase } from "../generate/golden";
import {
  caseId,
  type HttpProtocolName,
  httpProtocols,
  isHttp,
  makeHttpCase,
} from "../generate/protocols";
import { excerpt } from "../findings";
import { type Exchange, HttpLane } from "../wire/http-lane";
import type { HttpResponse } from "../wire/http-response";
import { shrink } from "../shrink";
import { type Plan, schedule } from "./plan";

const LANES = 8;
/** Requests under way on each connection. */
const DEPTH = 6;
/** After so many cases a golden request follows on the same connection. */
const GOLDEN_EVERY = 50;

/** Puts the cases of all protocols over HTTP, mixed, to the server. */
export async function fuzzHttp(plan: Plan): Promise<void> {
  const cases = schedule(plan, httpProtocols);
  let golden = 0;
  const lanes = Array.from({ length: LANES }, () => {
    let sent = 0;
    return new HttpLane(plan.port, DEPTH, () => {
      if (sent++ % GOLDEN_EVERY === GOLDEN_EVERY - 1) return goldenExchange(plan, golden++);
      const next = cases.next();
      if (next.done === true || plan.signal.aborted) return undefined;
      const { protocol, seed } = next.value;
      if (!isHttp(protocol)) return undefined;
      const made = makeHttpCase(protocol, seed, plan.world);
      return exchange(plan, made, `${protocol}: ${made.kind}`, caseId(protocol, seed));
    });
  });
  plan.signal.addEventListener("abort", () => lanes.forEach((lane) => lane.stop()));
  await Promise.all(lanes.map((lane) => lane.done));
}

function exchange(plan: Plan, made: HttpCase, kind: string, id: string): Exchange {
  const { findings, underWay } = plan;
  underWay.add(id);
  const sent = (): string => excerpt(Buffer.concat([Buffer.from(made.head, "latin1"), made.body]));
  return {
    ...made,
    answered: (response) => {
      underWay.delete(id);
      findings.count(kind, String(response.status));
      const problem = made.check(response);
      if (problem !== undefined)
        findings.add({ id, kind, problem, sent: sent(), got: describe(response) });
    },
    failed: (problem) => {
      underWay.delete(id);
      findings.count(kind, "no answer");
      if (!made.mayBreak) findings.add({ id, kind, problem, sent: sent() });
    },
  };
}

export function goldenExchange({ findings, world }: Plan, index: number): Exchange {
  const made = goldenCase(world, index);
  const add = (problem: string, got?: string): void =>
    findings.add({
      id: undefined,
      kind: "golden",
      problem,
      sent: excerpt(Buffer.concat([Buffer.from(made.head, "latin1"), made.body])),
      ...(got === undefined ? {} : { got }),
    });
  return {
    ...made,
    answered: (response) => {
      const problem = made.check(response);
      if (problem === undefined) findings.golden++;
      else add(problem, describe(response));
    },
    failed: add,
  };
}

export function describe({ status, headers, body }: HttpResponse): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  return `${status}\n${lines.join("\n")}\n\n${excerpt(body)}`;
}

/** One case alone, then made as small as it can be while it fails. @returns what was sent and came back, to be read */
export async function runHttpCase(
  plan: Plan,
  protocol: HttpProtocolName,
  seed: number,
): Promise<string> {
  const made = makeHttpCase(protocol, seed, plan.world);
  const kind = `${protocol}: ${made.kind}`;
  const answer = await askAlone(plan, made);
  const problem = answer === undefined ? "no answer" : made.check(answer);
  plan.findings.count(kind, answer === undefined ? "no answer" : String(answer.status));
  const sent = Buffer.concat([Buffer.from(made.head, "latin1"), made.body]);
  const shown = `sent:\n${excerpt(sent, 100_000)}\n\ngot:\n${answer === undefined ? "nothing" : describe(answer)}\n`;
  if (problem === undefined) return shown;
  plan.findings.add({ id: caseId(protocol, seed), kind, problem });
  const smallest = await shrink(made, (smaller) => askAlone(plan, smaller));
  return smallest === undefined ? shown : `${shown}\nsmallest body that fails: ${smallest}\n`;
}

/** One request and a golden one behind it. */
async function askAlone(plan: Plan, made: HttpCase): Promise<HttpResponse | undefined> {
  let answer: HttpResponse | undefined;
  const asked: Exchange = {
    ...made,
    answered: (response) => {
      answer = response;
    },
    failed: () => undefined,
  };
  const queue = [asked, goldenExchange(plan, 0)];
  await new HttpLane(plan.port, 2, () => queue.shift()).done;
  return answer;
}
