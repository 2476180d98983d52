import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { quote } from "./shell";

const TIMEOUT_MS = 30_000;

/** The request body that model.json gives as its first example; undefined for a model of another checkout. */
export function exampleBody(model: string | undefined): string | undefined {
  if (model === undefined) return undefined;
  try {
    const file = path.join(repositoryRoot(), "app", "models", model, "model.json");
    const { examples } = JSON.parse(fs.readFileSync(file, "utf8")) as {
      examples: { instance: unknown }[];
    };
    return JSON.stringify({ instances: [examples[0]?.instance] });
  } catch {
    return undefined;
  }
}

/** A command that works when pasted. */
export function curlLine(url: string, body: string): string {
  return `curl -sS ${quote(predictUrl(url))} -H 'content-type: application/json' -d ${quote(body)}`;
}

export function predictUrl(url: string): string {
  return `${url.replace(/\/+$/, "")}/predict`;
}

/** @returns the answer's text @throws UserError if nobody answers, or not with 2xx */
export async function predict(url: string, body: string): Promise<string> {
  const target = predictUrl(url);
  let response: Response;
  try {
    response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const cause = (error as Error).cause;
    throw new UserError(`${target} doesn't answer`, {
      why: cause instanceof Error ? cause.message : (error as Error).message,
      fix: "npm run cli -- status   # shows what is running",
    });
  }
  const text = await response.text();
  if (response.ok) return text;
  throw new UserError(`the prediction was refused with status ${response.status}`, {
    why: text.slice(0, 500),
    fix: 'send {"instances": [[…], …]} or one bare instance',
  });
}
