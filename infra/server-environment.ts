import type { ServerConfig, ServiceConfig } from "./config/service";

/** Ports of the built-in server beside the service's own; the server's defaults. */
export const GRPC_PORT = 8081;
export const METRICS_PORT = 9090;

/** Variables that say what something else of the stack says too; a service's `env` may not hold them. */
export const OWN_VARIABLES: Readonly<Record<string, string>> = {
  PORT: "port",
  GRPC_PORT: "nothing: it is fixed",
  METRICS_PORT: "nothing: it is fixed",
  MODELS_DIR: "models",
  MODEL_VERSIONS: "versions",
  API_KEYS_FILE: "apiKeys",
};

/** Where traces are sent to, by OpenTelemetry's own name. */
const TRACING_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT";

/** The first that is there counts: https://opentelemetry.io/docs/specs/otel/protocol/exporter */
export const TRACING_VARIABLES = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", TRACING_VARIABLE] as const;

const VARIABLES: Readonly<Record<keyof ServerConfig, string>> = {
  logLevel: "LOG_LEVEL",
  maxBodyBytes: "MAX_BODY_BYTES",
  maxRows: "MAX_ROWS",
  workers: "WORKERS",
  rateLimit: "RATE_LIMIT",
  rateBurst: "RATE_BURST",
  tracingEndpoint: TRACING_VARIABLE,
};

/**
 * Environment of the built-in server but for ports and paths, which depend on where it runs. A service's own `env` wins.
 * @param name of the service, under which its traces are found
 */
export function serverEnvironment(name: string, config: ServiceConfig): Record<string, string> {
  const [first] = config.models ?? [];
  const pins = Object.entries(config.versions).map(
    ([model, versions]) => `${model}=${versions.join(",")}`,
  );
  const settings = Object.entries(config.server).flatMap(([key, value]) =>
    value === undefined ? [] : [[VARIABLES[key as keyof ServerConfig], String(value)] as const],
  );
  return {
    ...(first === undefined ? {} : { DEFAULT_MODEL: first }),
    ...(pins.length === 0 ? {} : { MODEL_VERSIONS: pins.join(" ") }),
    ...(config.server.tracingEndpoint === undefined ? {} : { OTEL_SERVICE_NAME: name }),
    ...Object.fromEntries(settings),
    ...config.env,
  };
}
