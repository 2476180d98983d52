/** Traces as the transports see them; what records and sends them (tracing.ts) is loaded only when they are switched on. */
export interface Tracer {
  /** A request's headers have been read. @param header a header's value by its lower-case name */
  startHttp(method: string, path: string, header: Header): RequestSpan;
  /** @param method such as `inference.GRPCInferenceService/ModelInfer` */
  startRpc(method: string, header: Header): RequestSpan;
}

export type Header = (name: string) => string | undefined;

/** One request, from its headers to its answer. Nothing here throws or waits. */
export interface RequestSpan {
  /** 32 hexadecimal digits, for the log: the caller's own when it sent a `traceparent`. */
  readonly traceId: string;
  /** The route as a template, such as `/v1/models/{model}:predict`: it names the span. */
  route(template: string): void;
  /** The model is asked now: a child span begins, which `ran` ends. */
  runs(model: string, version: string, rows: number): void;
  ran(): void;
  /** The answer's status: HTTP's, or the gRPC code. */
  end(status: number): void;
}
