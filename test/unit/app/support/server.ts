import assert from "node:assert/strict";
import { connect } from "node:net";
import { createLog } from "../../../../app/server/log";
import { startServer, type Server } from "../../../../app/server/server";
import { readSettings, type Environment } from "../../../../app/server/settings";
import { shippedModels, type Golden, type Predictions } from "./models";

export interface RunningServer extends Server {
  readonly url: string;
  /** The log's lines so far, parsed. */
  readonly lines: Record<string, unknown>[];
}

/** The server in this process on a free port, its models loaded; the shipped ones, iris the default, unless told otherwise. */
export async function runServer(environment: Environment = {}): Promise<RunningServer> {
  const lines: Record<string, unknown>[] = [];
  const { MODELS_DIR = shippedModels } = environment;
  const settings = readSettings({
    PORT: "0",
    GRPC_PORT: "off",
    METRICS_PORT: "off",
    HOST: "127.0.0.1",
    MODELS_DIR,
    ...(MODELS_DIR === shippedModels ? { DEFAULT_MODEL: "iris" } : {}),
    ...environment,
  });
  const log = createLog(settings.logLevel, (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  const server = await startServer(settings, log, environment);
  await server.loaded;
  return { ...server, url: `http://127.0.0.1:${server.port}`, lines };
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Got> {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function post(url: string, body: string | Uint8Array<ArrayBuffer>): Promise<Got> {
  const response = await fetch(url, { method: "POST", body });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Sends `text` on a connection of its own; resolves with all that came back when the server ends it. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

/** The answer's predictions are those of `expected`, in order: labels the same, probabilities within the tolerance. */
export function assertPredictions(
  got: unknown,
  golden: Golden,
  expected: readonly Golden["requests"][number][],
): void {
  const { model, version, predictions } = got as Predictions;
  assert.equal(model, golden.model);
  assert.equal(version, golden.version);
  assert.equal(predictions.length, expected.length);
  expected.forEach(({ instance, prediction }, i) => {
    const own = predictions[i]!;
    assert.equal(own.label, prediction.label, `label of ${JSON.stringify(instance)}`);
    assert.equal(own.probabilities.length, prediction.probabilities.length);
    own.probabilities.forEach((probability, j) => {
      const difference = Math.abs(probability - prediction.probabilities[j]!);
      assert.ok(
        difference <= golden.tolerance,
        `probability ${j} of ${JSON.stringify(instance)} is off by ${difference}`,
      );
    });
  });
}
