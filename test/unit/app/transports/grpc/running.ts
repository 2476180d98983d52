import { DataPlane, type DataPlaneSettings } from "../../../../../app/server/data-plane";
import { createLog, type LogLevel } from "../../../../../app/server/log";
import { Metrics } from "../../../../../app/server/observability/metrics";
import {
  startGrpc,
  type GrpcOptions,
  type GrpcTransport,
} from "../../../../../app/server/transports/grpc";
import { InferenceClient } from "./client";

export interface Running {
  readonly transport: GrpcTransport;
  readonly client: InferenceClient;
  readonly metrics: Metrics;
  readonly dataPlane: DataPlane;
  /** What was logged. */
  readonly lines: readonly Record<string, unknown>[];
  close(): Promise<void>;
}

export interface RunningOptions extends Partial<Omit<GrpcOptions, "dataPlane" | "log">> {
  readonly modelsDir: string;
  readonly maxQueue?: number;
  readonly logLevel?: LogLevel;
}

/** The transport over a data plane that has loaded `modelsDir`, and a client of it. */
export async function runGrpc(options: RunningOptions): Promise<Running> {
  const { modelsDir, maxQueue = 1024, logLevel = "info", ...rest } = options;
  const lines: Record<string, unknown>[] = [];
  const log = createLog(logLevel, (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  const metrics = new Metrics();
  const settings: DataPlaneSettings = {
    modelsDir,
    maxQueue,
    defaultModel: undefined,
    modelVersions: new Map(),
    pollSeconds: 0,
    maxRows: 1024,
    maxBatchRows: 1024,
    workers: 0,
  };
  const dataPlane = new DataPlane(settings, log, metrics);
  await dataPlane.load();
  const transport = await startGrpc({
    dataPlane,
    log,
    port: 0,
    host: "127.0.0.1",
    maxBodyBytes: 65_536,
    maxRows: 1024,
    access: {},
    ...rest,
  });
  const client = new InferenceClient(transport.port);
  return {
    transport,
    client,
    metrics,
    dataPlane,
    lines,
    close: async () => {
      client.close();
      await transport.close();
      await dataPlane.close();
    },
  };
}
