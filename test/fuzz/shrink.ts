import type { HttpCase } from "./generate/case";
import { type HttpResponse } from "./wire/http-response";

/** More tries make a smaller case, but nobody waits for it. */
const MAX_TRIES = 2000;

/**
 * Takes parts of a failing case's JSON away for as long as it still fails.
 * @param ask sends a case alone and gives its answer, undefined when there is none
 * @returns the smallest body that was found; undefined when the body isn't JSON or fails in no smaller form
 */
export async function shrink(
  failing: HttpCase,
  ask: (smaller: HttpCase) => Promise<HttpResponse | undefined>,
): Promise<string | undefined> {
  let value = parse(failing.body);
  let found: string | undefined;
  let tries = 0;
  for (let smaller = true; smaller && value !== undefined && tries < MAX_TRIES;) {
    smaller = false;
    for (const candidate of reductions(value)) {
      if (tries++ >= MAX_TRIES) break;
      const text = JSON.stringify(candidate);
      const made = failing.withBody?.(Buffer.from(text));
      if (made === undefined) return undefined;
      const answer = await ask(made);
      if (answer !== undefined && made.check(answer) === undefined) continue;
      value = candidate;
      found = text;
      smaller = true;
      break;
    }
  }
  return found;
}

/** `value` with one thing less each time, the largest things first. */
function* reductions(value: unknown): Generator {
  if (Array.isArray(value)) {
    const list = value as readonly unknown[];
    if (list.length > 3) yield list.slice(0, Math.ceil(list.length / 2));
    for (let i = 0; i < list.length; i++) yield list.toSpliced(i, 1);
    for (const [i, item] of list.entries())
      for (const smaller of reductions(item)) yield list.with(i, smaller);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    for (let i = 0; i < entries.length; i++) yield Object.fromEntries(entries.toSpliced(i, 1));
    for (const [i, [key, item]] of entries.entries())
      for (const smaller of reductions(item))
        yield Object.fromEntries(entries.with(i, [key, smaller]));
  } else if (typeof value === "string" && value.length > 1) yield value.slice(0, value.length / 2);
  else if (typeof value === "number" && value !== 0 && value !== 1) yield 1;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
