import type { Tracer } from "./tracer";

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, for 2 seconds at most. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether the environment names where to send traces (OTEL_EXPORTER_OTLP_ENDPOINT, or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
 * and doesn't switch them off (OTEL_SDK_DISABLED=true, OTEL_TRACES_EXPORTER=none).
 */
export function tracesWanted(environment: Environment): boolean {
  const of = (name: string): string => environment[name]?.trim().toLowerCase() ?? "";
  const endpoint = of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") || of("OTEL_EXPORTER_OTLP_ENDPOINT");
  return (
    endpoint !== "" && of("OTEL_SDK_DISABLED") !== "true" && of("OTEL_TRACES_EXPORTER") !== "none"
  );
}
