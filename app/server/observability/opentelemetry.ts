import { setTimeout as sleep } from "node:timers/promises";
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer as Recorder,
} from "@opentelemetry/api";
import {
  TRACE_PARENT_HEADER,
  TRACE_STATE_HEADER,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { identity } from "../identity";
import type { Log } from "../log";
import type { Header, RequestSpan, Tracer } from "./tracer";
import type { Tracing } from "./tracing";

/** How long the last spans may take to leave at the end. */
const CLOSE_MS = 2000;

/** A collector that can't be reached is told of once in so long. */
const WARNING_MS = 60_000;

const HTTP_METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "CONNECT",
]);

/** By number. */
const RPC_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** Those that OpenTelemetry counts as the server's own. */
const RPC_FAULTS = new Set([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);

/**
 * Spans by OpenTelemetry's semantic conventions, sent in batches as OTLP over HTTP. Endpoint, headers, sampler, batch sizes
 * and resource are the environment's OTEL_* variables.
 */
export function createTracing(log: Log): Tracing {
  warnSparingly(log);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          "service.name": identity.name,
          "service.version": identity.version,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return {
    tracer: createTracer(provider.getTracer(identity.name, identity.version)),
    close: async () => {
      const enough = new AbortController();
      await Promise.race([
        provider.shutdown().catch(() => undefined),
        sleep(CLOSE_MS, undefined, { signal: enough.signal }).catch(() => undefined),
      ]);
      enough.abort();
    },
  };
}

function createTracer(recorder: Recorder): Tracer {
  return {
    startHttp: (method, path, header) => {
      const known = HTTP_METHODS.has(method) ? method : "_OTHER";
      const span = recorder.startSpan(
        known,
        {
          kind: SpanKind.SERVER,
          attributes: { "http.request.method": known, "url.path": path, "url.scheme": "http" },
        },
        callersContext(header),
      );
      return new OpenTelemetrySpan(recorder, span, {
        route: (template) => {
          span.updateName(`${known} ${template}`);
          span.setAttribute("http.route", template);
        },
        end: (status) => {
          span.setAttribute("http.response.status_code", status);
          if (status >= 500) fail(span, String(status));
        },
      });
    },
    startRpc: (method, header) => {
      const span = recorder.startSpan(
        method,
        {
          kind: SpanKind.SERVER,
          attributes: { "rpc.system.name": "grpc", "rpc.method": method },
        },
        callersContext(header),
      );
      return new OpenTelemetrySpan(recorder, span, {
        route: () => undefined,
        end: (status) => {
          const code = RPC_CODES[status] ?? String(status);
          span.setAttribute("rpc.response.status_code", code);
          if (RPC_FAULTS.has(code)) fail(span, code);
        },
      });
    },
  };
}

/** What differs between the protocols. */
interface Conventions {
  route(template: string): void;
  end(status: number): void;
}

class OpenTelemetrySpan implements RequestSpan {
  readonly traceId: string;
  private run: Span | undefined;

  constructor(
    private readonly recorder: Recorder,
    private readonly span: Span,
    private readonly conventions: Conventions,
  ) {
    this.traceId = span.spanContext().traceId;
  }

  route(template: string): void {
    this.conventions.route(template);
  }

  runs(model: string, version: string, rows: number): void {
    const attributes = {
      "modelport.model.name": model,
      "modelport.model.version": version,
      "modelport.rows": rows,
    };
    this.span.setAttributes(attributes);
    this.run = this.recorder.startSpan(
      `run ${model}`,
      { attributes },
      trace.setSpan(ROOT_CONTEXT, this.span),
    );
  }

  ran(): void {
    this.run?.end();
    this.run = undefined;
  }

  end(status: number): void {
    this.ran();
    this.conventions.end(status);
    this.span.end();
  }
}

function fail(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

const propagator = new W3CTraceContextPropagator();

/** The caller's span, from `traceparent` and `tracestate`; none when there is none, or not a valid one. */
function callersContext(header: Header): Context {
  if (header(TRACE_PARENT_HEADER) === undefined) return ROOT_CONTEXT;
  return propagator.extract(ROOT_CONTEXT, header, {
    get: (carrier: Header, key) => carrier(key),
    keys: () => [TRACE_PARENT_HEADER, TRACE_STATE_HEADER],
  });
}

/** What the library complains of goes into the log; a collector that is away would fill it. */
function warnSparingly(log: Log): void {
  let last = -Infinity;
  const warn = (message: string, ...details: unknown[]): void => {
    const now = performance.now();
    if (now - last < WARNING_MS) return;
    last = now;
    log.warn("traces can't be sent", { reason: [message, ...details.map(String)].join(" ") });
  };
  const ignore = (): undefined => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
