import pino from "pino";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
/** Anything but `time`, `level` and `message`. No secrets: what goes in comes out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON object a line on stdout: level, time (UTC, ISO 8601), the fields, message. */
export interface Log {
  readonly level: LogLevel;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Lines are written before the call returns, so that none is lost however the process ends. */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    write === undefined ? pino.destination({ dest: 1, sync: true }) : { write },
  );
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    if (fields === undefined) logger[own](message);
    else logger[own](fields, message);
  };
  return { level, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
