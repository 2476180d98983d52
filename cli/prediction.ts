import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { quote } from "./shell";

const TIMEOUT_MS = 30_000;

/** Which model of a service is asked, and by whom. */
export interface PredictionOptions {
  /** Default: the service's default model. */
  readonly model?: string | undefined;
  /** API key. Default: none. */
  readonly key?: string | undefined;
}

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

/**
 * A command that works when pasted; an API key is never in it, but the variable that `modelport predict` reads too.
 *
 * @param options `path` default: /predict; `needsKey` default: false
 */
export function curlLine(
  url: string,
  body: string,
  options: { readonly path?: string; readonly needsKey?: boolean } = {},
): string {
  const address = quote(withoutSlash(url) + (options.path ?? "/predict"));
  const key = options.needsKey === true ? ' -H "x-api-key: $MODELPORT_API_KEY"' : "";
  return `curl -sS ${address} -H 'content-type: application/json'${key} -d ${quote(body)}`;
}

/** @returns the answer's text @throws UserError if nobody answers, or not with 2xx */
export async function predict(
  url: string,
  body: string,
  { model, key }: PredictionOptions = {},
): Promise<string> {
  const query = model === undefined ? "" : `?model=${encodeURIComponent(model)}`;
  const target = `${withoutSlash(url)}/predict${query}`;
  let response: Response;
  try {
    response = await fetch(target, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { "x-api-key": key }),
      },
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
    fix:
      response.status === 401
        ? "give an API key of the service: --key, or MODELPORT_API_KEY"
        : 'send {"instances": [[…], …]} or one bare instance',
  });
}

const withoutSlash = (url: string) => url.replace(/\/+$/, "");
