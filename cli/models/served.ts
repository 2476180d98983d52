import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";

interface Golden {
  readonly model: string;
  readonly version: string;
  readonly tolerance: number;
  readonly requests: readonly { readonly instance: unknown; readonly prediction: unknown }[];
}

const ROWS = 100;
const START_SECONDS = 60;
/** Bytes, the most it can be set to: a row of a model for images is larger than what a service takes untold. */
const LARGEST_BODY = 2 ** 26;

/**
 * Starts the server on a folder of models, asks one of them its golden requests and compares the answers.
 * @returns how many requests agreed
 * @throws UserError when the server can't load the model or answers otherwise
 */
export async function checkServed(folder: string, model: string, version: string): Promise<number> {
  const file = path.join(folder, model, version, "golden.json");
  const golden = JSON.parse(fs.readFileSync(file, "utf8")) as Golden;
  const server = spawn(process.execPath, [path.join(repositoryRoot(), "dist", "server.js")], {
    cwd: repositoryRoot(),
    env: {
      PATH: process.env["PATH"],
      HOST: "127.0.0.1",
      PORT: "0",
      GRPC_PORT: "off",
      METRICS_PORT: "off",
      MODELS_DIR: folder,
      MAX_BODY_BYTES: String(LARGEST_BODY),
      DRAIN_SECONDS: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => void server.kill("SIGKILL");
  process.once("exit", kill);
  try {
    const url = await startedAt(server);
    const ready = await fetch(`${url}/readyz`);
    if (!ready.ok) throw differs(model, `it doesn't load: ${reasonIn(await ready.text())}`);
    for (let at = 0; at < golden.requests.length; at += ROWS)
      await compare(url, golden, golden.requests.slice(at, at + ROWS));
    return golden.requests.length;
  } finally {
    process.removeListener("exit", kill);
    kill();
  }
}

/** The server's log tells its port, and when the models are loaded, well or badly. */
function startedAt(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let port: unknown;
    const lines: string[] = [];
    for (const stream of [server.stdout, server.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const { message, port: told } = parsed(line);
        if (message === "listening") port = told;
        if (message === "started") resolve(`http://127.0.0.1:${String(port)}`);
      });
    }
    server.once("error", reject);
    const fail = (what: string) => reject(new Error(`${what}: ${lines.slice(-3).join("\n")}`));
    server.once("exit", () => fail("the server ended"));
    setTimeout(
      () => fail(`the server did not start in ${START_SECONDS} s`),
      START_SECONDS * 1000,
    ).unref();
  });
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

async function compare(url: string, golden: Golden, requests: Golden["requests"]): Promise<void> {
  const { model, version, tolerance } = golden;
  const response = await fetch(`${url}/predict?model=${model}&version=${version}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ instances: requests.map(({ instance }) => instance) }),
  });
  const text = await response.text();
  if (!response.ok) throw differs(model, `it answers ${response.status}: ${text.slice(0, 300)}`);
  const { predictions } = JSON.parse(text) as { predictions: unknown[] };
  requests.forEach(({ instance, prediction }, i) => {
    if (!close(prediction, predictions[i], tolerance))
      throw differs(
        model,
        `for ${short(instance)} it answers ${short(predictions[i])}, the original ${short(prediction)}`,
      );
  });
}

/** Equal but for numbers, which may differ by `tolerance`. */
export function close(expected: unknown, got: unknown, tolerance: number): boolean {
  if (typeof expected === "number")
    return typeof got === "number" && Math.abs(expected - got) <= tolerance;
  if (typeof expected !== "object" || expected === null) return expected === got;
  if (typeof got !== "object" || got === null) return false;
  const names = Object.keys(expected);
  return (
    names.length === Object.keys(got).length &&
    Array.isArray(expected) === Array.isArray(got) &&
    names.every((name) =>
      close(
        (expected as Record<string, unknown>)[name],
        (got as Record<string, unknown>)[name],
        tolerance,
      ),
    )
  );
}

function differs(model: string, why: string): UserError {
  return new UserError(`the server can't serve ${model} as the original answers`, {
    why,
    fix: "nothing was changed; report it with the file, or serve the original in a container of its own",
  });
}

/** `/readyz` lists the models with the reasons of those that failed. */
function reasonIn(text: string): string {
  const { models } = parsed(text) as { models?: { reason?: string }[] };
  return models?.find(({ reason }) => reason !== undefined)?.reason ?? text.slice(0, 300);
}

function short(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
