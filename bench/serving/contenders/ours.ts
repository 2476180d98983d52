/** Our server, as deployed: its bundle, the flags of app/Dockerfile; API key, metrics and validation on. */
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { entryPointFlags } from "../../../local/image/entry-point";
import { DEFAULT_ONLY, jsonPost, type Contender, type Prediction, type Start } from "./contender";

export const NODE_FLAGS = entryPointFlags();

/** Of this run only. */
const API_KEY = randomBytes(24).toString("base64url");

export const AUTHORIZATION = { Authorization: `Bearer ${API_KEY}` } as const;

/** The server's environment, but for its models and its HTTP port. */
export function serverEnvironment({ folder, otherPorts }: Pick<Start, "folder" | "otherPorts">) {
  const keys = path.join(folder, "api-keys");
  const hash = createHash("sha256").update(API_KEY).digest("hex");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(keys, `bench ${hash}\n`);
  return {
    NODE_ENV: "production",
    HOST: "127.0.0.1",
    GRPC_PORT: String(otherPorts[0]),
    METRICS_PORT: String(otherPorts[1]),
    API_KEYS_FILE: keys,
    DRAIN_SECONDS: "0",
    ORT_DISABLE_TELEMETRY: "1",
  };
}

/** @param node the image's own @param server path of the bundle */
export function ours(node: string, server: string): Contender {
  return {
    name: "modelport",
    title: "modelport",
    variants: DEFAULT_ONLY,
    command: (start) => ({
      argv: [node, ...NODE_FLAGS, server],
      env: {
        ...serverEnvironment(start),
        PORT: String(start.port),
        MODELS_DIR: start.model.modelsDir,
      },
      cwd: path.dirname(server),
      readiness: "/readyz",
    }),
    post: (_model, instance) => jsonPost("/predict", { instances: [instance] }, AUTHORIZATION),
    predictions: (answer) => (answer as { predictions: Prediction[] }).predictions,
  };
}
