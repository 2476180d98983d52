import { DataPlane } from "./data-plane";
import type { Log } from "./log";
import { Metrics } from "./observability/metrics";
import { tracesWanted } from "./observability/tracing";
import { ApiKeys } from "./protection/api-keys";
import { RateLimit } from "./protection/rate-limit";
import type { Environment, Settings } from "./settings";
import { createHttpTransport } from "./transports/http";
import { startMetricsServer } from "./transports/metrics";
import { createRoutes } from "./transports/routes";

export interface Server {
  /** Of HTTP. */
  readonly port: number;
  /** Once `loaded`, unless it is switched off. */
  readonly grpcPort: number | undefined;
  /** Once `loaded`, unless it is switched off. */
  readonly metricsPort: number | undefined;
  /**
   * Settles when every port listens and the models are loaded: well or badly, which `/readyz` tells.
   * @throws Error (rejects) when a port is taken, the models' folder can't be read or the default model isn't there.
   */
  readonly loaded: Promise<void>;
  /** `/readyz` turns 503 and answers end their connections; everything is still served. */
  drain(): void;
  /** Stops listening, finishes what is in flight, frees the models; false when requests had to be cut off. */
  close(): Promise<boolean>;
}

/**
 * Starts listening, then loads: probes are answered from the first moment on.
 * @param environment for OTEL_*, which the tracing library reads itself
 * @throws Error when the HTTP port is taken or the API keys can't be read
 */
export async function startServer(
  settings: Settings,
  log: Log,
  environment: Environment = process.env,
): Promise<Server> {
  const { host, maxBodyBytes, maxConnections, maxRows } = settings;
  const metrics = new Metrics();
  const dataPlane = new DataPlane(settings, log, metrics);
  const access = createAccess(settings, log);
  const tracing = tracesWanted(environment)
    ? (await import("./server-tracing")).createTracing(log)
    : undefined;
  const shared = {
    log,
    maxBodyBytes,
    maxConnections,
    requestMs: settings.requestSeconds * 1000,
    tracer: tracing?.tracer,
  };
  let draining = false;

  const documented = { maxRows, maxBodyBytes, keys: access.apiKeys !== undefined };
  const routes = createRoutes(dataPlane, documented, () => draining);
  const http = createHttpTransport({ ...shared, ...access, routes });
  const port = await http.listen(settings.port, host);

  const startGrpc = async (grpcPort: number) => {
    const grpc = await import("./server-grpc");
    return grpc.startGrpc({ ...shared, access, dataPlane, maxRows, host, port: grpcPort });
  };
  // gRPC listens before the models are loaded, and so before anybody is told that this server is ready.
  const grpc = settings.grpcPort === undefined ? undefined : startGrpc(settings.grpcPort);
  const loading = (grpc ?? Promise.resolve()).then(() => dataPlane.load());
  const { metricsPort } = settings;
  const metricsServer =
    metricsPort === undefined
      ? undefined
      : loading.then(() => startMetricsServer({ metrics, port: metricsPort, host, log }));

  let grpcPort: number | undefined;
  let ownMetricsPort: number | undefined;
  const loaded = Promise.all([grpc, metricsServer, loading]).then(([ownGrpc, ownMetrics]) => {
    grpcPort = ownGrpc?.port;
    ownMetricsPort = ownMetrics?.port;
  });

  return {
    port,
    get grpcPort() {
      return grpcPort;
    },
    get metricsPort() {
      return ownMetricsPort;
    },
    loaded,
    drain: () => {
      draining = true;
      http.drain();
      void grpc?.then(
        (own) => own.drain(),
        () => undefined,
      );
    },
    close: async () => {
      draining = true;
      const complete = await Promise.all([http.close(), closed(grpc)]);
      await dataPlane.close();
      access.apiKeys?.close();
      await tracing?.close();
      // Last, so that whoever scrapes sees the last requests counted.
      await closed(metricsServer);
      return !complete.includes(false);
    },
  };
}

function createAccess({ apiKeysFile, rateLimit, rateBurst }: Settings, log: Log) {
  return {
    apiKeys: apiKeysFile === undefined ? undefined : ApiKeys.read(apiKeysFile, log),
    rateLimit: rateLimit === 0 ? undefined : new RateLimit(rateLimit, rateBurst),
  };
}

/** What was never started, or not well, is closed. */
async function closed<T>(
  starting: Promise<{ close(): Promise<T> }> | undefined,
): Promise<T | undefined> {
  const started = await starting?.catch(() => undefined);
  return started?.close();
}
