export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON object a line on stdout: time, level, message, then the fields. */
export interface Log {
  readonly level: LogLevel;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export function createLog(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stdout.write(line),
): Log {
  const threshold = logLevels.indexOf(level);
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    if (logLevels.indexOf(own) < threshold) return;
    write(
      `${JSON.stringify({ time: new Date().toISOString(), level: own, message, ...fields })}\n`,
    );
  };
  return { level, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
