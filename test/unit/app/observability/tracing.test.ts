import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createLog } from "../../../../app/server/log";
import { createTracing } from "../../../../app/server/observability/opentelemetry";
import type { RequestSpan } from "../../../../app/server/observability/tracer";
import { tracesWanted, type Tracing } from "../../../../app/server/observability/tracing";
import { scaling } from "../support/graphs";
import { temporaryModels } from "../support/models";
import { refusal } from "../transports/grpc/client";
import { runGrpc } from "../transports/grpc/running";

/** OTLP's JSON, as far as it is looked at. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A collector: what was sent to it, and with which headers. */
class Collector {
  readonly exports: Export[] = [];
  readonly paths: string[] = [];
  private readonly server: Server;

  constructor(answering = true) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (!answering) return;
        this.paths.push(`${request.url ?? ""} ${request.headers["content-type"] ?? ""}`);
        this.exports.push(JSON.parse(Buffer.concat(chunks).toString()) as Export);
        response.end("{}");
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): OtlpSpan[] {
    return this.exports.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const plain = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );

const parent = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };
const traceparent = (sampled: boolean): string =>
  `00-${parent.trace}-${parent.span}-0${sampled ? 1 : 0}`;
const nothing = (): undefined => undefined;

describe("tracing", () => {
  const kept = { ...process.env };
  const log = createLog("info", () => undefined);
  let collector: Collector;
  const forget = (): void => {
    for (const name of Object.keys(process.env))
      if (name.startsWith("OTEL_")) Reflect.deleteProperty(process.env, name);
  };
  beforeEach(async () => {
    forget();
    collector = new Collector();
    process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = await collector.start();
  });
  afterEach(() => {
    collector.close();
    forget();
    Object.assign(process.env, kept);
  });

  /** What the collector got, all at once: closing waits for that for a while only, and a pause of the machine may be longer. */
  const received = async (): Promise<OtlpSpan[]> => {
    while (collector.spans.length === 0) await sleep(5);
    return collector.spans;
  };
  /** What the collector got of `use`. */
  const traced = async (use: (tracing: Tracing) => unknown): Promise<OtlpSpan[]> => {
    const tracing = createTracing(log);
    await use(tracing);
    await tracing.close();
    return received();
  };
  const predict = (span: RequestSpan, status: number): void => {
    span.route("/v2/models/{model}/infer");
    span.runs("iris", "3", 2);
    span.ran();
    span.end(status);
  };

  it("is wanted when the environment names an endpoint and doesn't switch it off", () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" };
    assert.equal(tracesWanted({}), false);
    assert.equal(tracesWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: " " }), false);
    assert.equal(tracesWanted(endpoint), true);
    assert.equal(tracesWanted({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/v1/traces" }), true);
    assert.equal(tracesWanted({ ...endpoint, OTEL_SDK_DISABLED: "TRUE" }), false);
    assert.equal(tracesWanted({ ...endpoint, OTEL_TRACES_EXPORTER: "none" }), false);
  });

  it("a request over HTTP: a span for it and one for the run, by OpenTelemetry's conventions", async () => {
    const spans = await traced(({ tracer }) => {
      predict(tracer.startHttp("POST", "/v2/models/iris/infer", nothing), 200);
    });
    assert.deepEqual(collector.paths, ["/v1/traces application/json"]);
    const server = spans.find(({ kind }) => kind === 2)!;
    const run = spans.find(({ kind }) => kind === 1)!;
    assert.equal(spans.length, 2);
    assert.equal(server.name, "POST /v2/models/{model}/infer");
    const model = {
      "modelport.model.name": "iris",
      "modelport.model.version": "3",
      "modelport.rows": 2,
    };
    assert.deepEqual(plain(server.attributes), {
      "http.request.method": "POST",
      "url.path": "/v2/models/iris/infer",
      "url.scheme": "http",
      "http.route": "/v2/models/{model}/infer",
      "http.response.status_code": 200,
      ...model,
    });
    assert.equal(server.parentSpanId, undefined);
    assert.equal(run.name, "run iris");
    assert.equal(run.parentSpanId, server.spanId);
    assert.equal(run.traceId, server.traceId);
    assert.deepEqual(plain(run.attributes), model);
    const nanoseconds = (time: string): bigint => BigInt(time);
    assert.ok(nanoseconds(run.endTimeUnixNano) >= nanoseconds(run.startTimeUnixNano));
  });

  it("goes on with the caller's trace", async () => {
    let seen = "";
    const [span] = await traced(({ tracer }) => {
      const headers: Record<string, string> = { traceparent: traceparent(true) };
      const own = tracer.startHttp("GET", "/", (name) => headers[name]);
      seen = own.traceId;
      own.end(200);
    });
    assert.equal(span?.traceId, parent.trace);
    assert.equal(span.parentSpanId, parent.span);
    assert.equal(seen, parent.trace);
  });

  it("a caller that samples nothing is not traced, but its trace is named; a broken header is ignored", async () => {
    const ids: string[] = [];
    const spans = await traced(({ tracer }) => {
      for (const header of [traceparent(false), "00-zz-zz-01", "x".repeat(5000)]) {
        const span = tracer.startHttp("GET", "/", (name) =>
          name === "traceparent" ? header : undefined,
        );
        ids.push(span.traceId);
        span.end(200);
      }
    });
    assert.equal(ids[0], parent.trace);
    assert.equal(spans.length, 2);
    for (const span of spans) assert.notEqual(span.traceId, parent.trace);
  });

  it("faults of the server are marked, the client's are not; a method that is none is not told", async () => {
    const spans = await traced(({ tracer }) => {
      tracer.startHttp("POST", "/predict", nothing).end(503);
      tracer.startHttp("POST", "/predict", nothing).end(400);
      tracer.startHttp("BREW", "/", nothing).end(405);
      tracer.startRpc("inference.GRPCInferenceService/ModelInfer", nothing).end(13);
      tracer.startRpc("inference.GRPCInferenceService/ModelInfer", nothing).end(3);
    });
    const told = spans.map(({ attributes, status }) => {
      const own = plain(attributes);
      return [own["error.type"], status.code ?? 0, own["http.request.method"] ?? own["rpc.method"]];
    });
    assert.deepEqual(told, [
      ["503", 2, "POST"],
      [undefined, 0, "POST"],
      [undefined, 0, "_OTHER"],
      ["INTERNAL", 2, "inference.GRPCInferenceService/ModelInfer"],
      [undefined, 0, "inference.GRPCInferenceService/ModelInfer"],
    ]);
  });

  it("service and resource are the environment's", async () => {
    process.env["OTEL_SERVICE_NAME"] = "flowers";
    process.env["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test,team=a%20b";
    await traced(({ tracer }) => tracer.startHttp("GET", "/", nothing).end(200));
    const own = plain(collector.exports[0]!.resourceSpans[0]!.resource.attributes);
    assert.equal(own["service.name"], "flowers");
    assert.equal(own["deployment.environment.name"], "test");
    assert.equal(own["team"], "a b");
  });

  it("OTEL_TRACES_SAMPLER decides what is sent", async () => {
    process.env["OTEL_TRACES_SAMPLER"] = "traceidratio";
    process.env["OTEL_TRACES_SAMPLER_ARG"] = "0.25";
    const { length } = await traced(({ tracer }) => {
      for (let i = 0; i < 400; i++) tracer.startHttp("GET", "/", nothing).end(200);
    });
    assert.ok(length > 50 && length < 150, `${length} of 400`);
  });

  it("requests over gRPC: spans, and the trace's id in the log", async () => {
    const tracing = createTracing(log);
    const models = temporaryModels().addGraph("double", scaling(2)).path;
    const running = await runGrpc({
      modelsDir: models,
      logLevel: "debug",
      tracer: tracing.tracer,
    });
    const headers = { traceparent: traceparent(true) };
    const input = { name: "x", datatype: "FP32", shape: [1, 2] };
    const contents = { fp32_contents: [1, 2] };
    await running.client.infer({ model_name: "double", inputs: [{ ...input, contents }] }, headers);
    await refusal(running.client.infer({ model_name: "double", inputs: [input] }, headers));
    await running.close();
    await tracing.close();
    const requests = (await received()).filter(({ kind }) => kind === 2);
    assert.deepEqual(
      requests.map(({ name, traceId, attributes }) => [
        name,
        traceId,
        plain(attributes)["rpc.response.status_code"],
        plain(attributes)["modelport.model.name"],
      ]),
      [
        ["inference.GRPCInferenceService/ModelInfer", parent.trace, "OK", "double"],
        ["inference.GRPCInferenceService/ModelInfer", parent.trace, "INVALID_ARGUMENT", undefined],
      ],
    );
    const logged = running.lines.filter(({ message }) => message === "request");
    assert.deepEqual(
      logged.map(({ traceId }) => traceId),
      [parent.trace, parent.trace],
    );
  });

  it("a collector that can't be reached, or never answers, holds up nothing, nor the end", async () => {
    // Whoever waits for either of them, waits longer than a test may take.
    for (const name of ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_EXPORT_TIMEOUT"])
      process.env[name] = "600000";
    const silent = new Collector(false);
    for (const endpoint of ["http://127.0.0.1:9", await silent.start()]) {
      process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
      const tracing = createTracing(log);
      for (let i = 0; i < 5000; i++) predict(tracing.tracer.startHttp("POST", "/", nothing), 200);
      await tracing.close();
    }
    silent.close();
  });

  it("a collector that can't be reached is told of, once", async () => {
    process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";
    process.env["OTEL_EXPORTER_OTLP_TIMEOUT"] = "100";
    process.env["OTEL_BSP_SCHEDULE_DELAY"] = "10";
    const own: string[] = [];
    const tracing = createTracing(createLog("info", (line) => own.push(line)));
    const told = (): number => own.filter((line) => line.includes("can't be sent")).length;
    const trace = async (): Promise<void> => {
      tracing.tracer.startHttp("GET", "/", nothing).end(200);
      await sleep(50);
    };
    while (told() === 0) await trace();
    for (let i = 0; i < 10; i++) await trace();
    await tracing.close();
    assert.equal(told(), 1);
  });
});
