import { logLevels, type LogLevel } from "./log";

/** Everything the server can be told, from its environment. */
export interface Settings {
  /** PORT, 0 to 65535; 0 takes any free port. Default 8080. */
  readonly port: number;
  /** HOST, the address to listen on. Default: all, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** MODELS_DIR, the folder that holds one folder per model. Default /app/models. */
  readonly modelsDir: string;
  /** DEFAULT_MODEL, which answers when a request names none. Default: the first by name. */
  readonly defaultModel: string | undefined;
  /** LOG_LEVEL. Default info; debug also logs each request. */
  readonly logLevel: LogLevel;
  /** MAX_BODY_BYTES of a request. Default 65536. */
  readonly maxBodyBytes: number;
  /** MAX_ROWS, instances in one request. Default 1024. */
  readonly maxRows: number;
  /** DRAIN_SECONDS between SIGTERM and the end of listening, during which everything is still served. Default 3. */
  readonly drainSeconds: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error with one line per wrong variable: its name, what it is, what it may be. */
export function readSettings(environment: Environment): Settings {
  const faults: string[] = [];

  const text = (key: string): string | undefined => {
    const value = environment[key]?.trim();
    return value === "" ? undefined : value;
  };
  const wholeNumber = (key: string, least: number, most: number, otherwise: number): number => {
    const value = text(key);
    if (value === undefined) return otherwise;
    const number = /^[0-9]{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    faults.push(`${key}: got "${value}", a whole number from ${least} to ${most} is needed`);
    return otherwise;
  };
  const oneOf = <T extends string>(key: string, allowed: readonly T[], otherwise: T): T => {
    const value = text(key);
    if (value === undefined) return otherwise;
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    faults.push(`${key}: got "${value}", one of ${allowed.join(", ")} is needed`);
    return otherwise;
  };

  const settings: Settings = {
    port: wholeNumber("PORT", 0, 65535, 8080),
    host: text("HOST"),
    modelsDir: text("MODELS_DIR") ?? "/app/models",
    defaultModel: text("DEFAULT_MODEL"),
    logLevel: oneOf("LOG_LEVEL", logLevels, "info"),
    maxBodyBytes: wholeNumber("MAX_BODY_BYTES", 1, 64 * 1024 * 1024, 64 * 1024),
    maxRows: wholeNumber("MAX_ROWS", 1, 1_000_000, 1024),
    drainSeconds: wholeNumber("DRAIN_SECONDS", 0, 3600, 3),
  };
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return settings;
}
