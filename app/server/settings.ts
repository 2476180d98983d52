import { logLevels, type LogLevel } from "./log";

/** Everything the server can be told, from its environment; OTEL_* are read by the tracing library itself. */
export interface Settings {
  /** PORT of HTTP, 0 to 65535; 0 takes any free port. Default 8080. */
  readonly port: number;
  /** GRPC_PORT, 0 to 65535; undefined when it is "off". Default 8081. */
  readonly grpcPort: number | undefined;
  /** METRICS_PORT, 0 to 65535; undefined when it is "off". Default 9090. */
  readonly metricsPort: number | undefined;
  /** HOST, the address to listen on. Default: all, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** MODELS_DIR, the folder that holds one folder per model. Default /app/models. */
  readonly modelsDir: string;
  /** DEFAULT_MODEL, which answers when a request names none. Default: the first by name that can. */
  readonly defaultModel: string | undefined;
  /** MODEL_VERSIONS, such as "iris=1 spam=2,3": the versions to serve of these models. Default: all there are. */
  readonly modelVersions: ReadonlyMap<string, readonly string[]>;
  /** MODELS_POLL_SECONDS between two looks at MODELS_DIR, fractions allowed; 0: models stay what they were at start. Default 2. */
  readonly pollSeconds: number;
  /** LOG_LEVEL. Default info; debug also logs each request. */
  readonly logLevel: LogLevel;
  /** MAX_BODY_BYTES of a request. Default 65536. */
  readonly maxBodyBytes: number;
  /** MAX_ROWS, instances in one request. Default 1024. */
  readonly maxRows: number;
  /** MAX_BATCH_ROWS of the requests that are joined into one run of a model. Default 1024. */
  readonly maxBatchRows: number;
  /** MAX_QUEUE, requests that wait for a version; more are refused with 503. Default 1024. */
  readonly maxQueue: number;
  /** MAX_CONNECTIONS at once over HTTP. Default 4096. */
  readonly maxConnections: number;
  /** REQUEST_SECONDS a client may take to send its headers, and its whole request. Default 10. */
  readonly requestSeconds: number;
  /** DRAIN_SECONDS between SIGTERM and the end of listening, during which everything is still served. Default 3. */
  readonly drainSeconds: number;
  /** WORKERS, threads for the models slower than a millisecond, or than 100 for MAX_ROWS or 4,096 rows; 0 runs them on the main thread. Default 1. */
  readonly workers: number;
  /** API_KEYS_FILE with a "name sha256" a line. Default: no key is needed. */
  readonly apiKeysFile: string | undefined;
  /** RATE_LIMIT, requests a second per API key or address; 0 is none. Default 0. */
  readonly rateLimit: number;
  /** RATE_BURST, requests at once above it. Default twice RATE_LIMIT. */
  readonly rateBurst: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error with one line per wrong variable: its name, what it is, what it may be. */
export function readSettings(environment: Environment): Settings {
  const read = new Reader(environment);
  const rateLimit = read.wholeNumber("RATE_LIMIT", 0, 1_000_000, 0);
  const settings: Settings = {
    port: read.wholeNumber("PORT", 0, 65535, 8080),
    grpcPort: read.port("GRPC_PORT", 8081),
    metricsPort: read.port("METRICS_PORT", 9090),
    host: read.text("HOST"),
    modelsDir: read.text("MODELS_DIR") ?? "/app/models",
    defaultModel: read.text("DEFAULT_MODEL"),
    modelVersions: read.modelVersions("MODEL_VERSIONS"),
    pollSeconds: read.seconds("MODELS_POLL_SECONDS", 3600, 2),
    logLevel: read.oneOf("LOG_LEVEL", logLevels, "info"),
    maxBodyBytes: read.wholeNumber("MAX_BODY_BYTES", 1, 64 * 1024 * 1024, 64 * 1024),
    maxRows: read.wholeNumber("MAX_ROWS", 1, 1_000_000, 1024),
    maxBatchRows: read.wholeNumber("MAX_BATCH_ROWS", 1, 1_000_000, 1024),
    maxQueue: read.wholeNumber("MAX_QUEUE", 1, 1_000_000, 1024),
    maxConnections: read.wholeNumber("MAX_CONNECTIONS", 1, 1_000_000, 4096),
    requestSeconds: read.wholeNumber("REQUEST_SECONDS", 1, 3600, 10),
    drainSeconds: read.wholeNumber("DRAIN_SECONDS", 0, 3600, 3),
    workers: read.wholeNumber("WORKERS", 0, 64, 1),
    apiKeysFile: read.text("API_KEYS_FILE"),
    rateLimit,
    rateBurst: read.wholeNumber("RATE_BURST", 1, 10_000_000, Math.max(1, 2 * rateLimit)),
  };
  if (read.faults.length > 0) throw new Error(read.faults.join("\n"));
  return settings;
}

/** Reads variables by kind and collects what is wrong; an empty variable is none. */
class Reader {
  readonly faults: string[] = [];

  constructor(private readonly environment: Environment) {}

  text(key: string): string | undefined {
    const value = this.environment[key]?.trim();
    return value === "" ? undefined : value;
  }

  wholeNumber(key: string, least: number, most: number, otherwise: number): number {
    const value = this.text(key);
    if (value === undefined) return otherwise;
    const number = /^[0-9]{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    return this.fault(key, value, `a whole number from ${least} to ${most}`, otherwise);
  }

  seconds(key: string, most: number, otherwise: number): number {
    const value = this.text(key);
    if (value === undefined) return otherwise;
    const number = /^[0-9]{1,9}(\.[0-9]{1,6})?$/.test(value) ? Number(value) : NaN;
    if (number <= most) return number;
    return this.fault(key, value, `a number of seconds from 0 to ${most}`, otherwise);
  }

  port(key: string, otherwise: number): number | undefined {
    const value = this.text(key);
    if (value === undefined) return otherwise;
    if (value === "off") return undefined;
    const number = /^[0-9]{1,5}$/.test(value) ? Number(value) : NaN;
    if (number <= 65535) return number;
    return this.fault(key, value, `"off" or a whole number from 0 to 65535`, otherwise);
  }

  oneOf<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
    const value = this.text(key);
    if (value === undefined) return otherwise;
    const found = allowed.find((candidate) => candidate === value);
    return found ?? this.fault(key, value, `one of ${allowed.join(", ")}`, otherwise);
  }

  modelVersions(key: string): ReadonlyMap<string, readonly string[]> {
    const value = this.text(key);
    const versions = new Map<string, readonly string[]>();
    for (const entry of value?.split(/\s+/) ?? []) {
      const [, model, numbers] = /^([a-z0-9-]+)=([1-9][0-9]*(?:,[1-9][0-9]*)*)$/.exec(entry) ?? [];
      if (model === undefined || numbers === undefined || versions.has(model)) {
        const needed = `a list such as "iris=1 spam=2,3", each model once,`;
        return this.fault(key, value ?? "", needed, versions);
      }
      versions.set(model, numbers.split(","));
    }
    return versions;
  }

  private fault<T>(key: string, value: string, needed: string, otherwise: T): T {
    this.faults.push(`${key}: got "${value}", ${needed} is needed`);
    return otherwise;
  }
}
