import { DataPlane } from "./data-plane";
import type { Log } from "./log";
import type { Settings } from "./settings";
import { createHttpTransport } from "./transports/http";
import { createRoutes } from "./transports/routes";

export interface Server {
  readonly port: number;
  /** Settles when the models are loaded: well or badly, which `/readyz` tells. */
  readonly loaded: Promise<void>;
  /** `/readyz` turns 503 and answers end their connections; everything is still served. */
  drain(): void;
  /** Stops listening, finishes what is in flight, frees the models; false when requests had to be cut off. */
  close(): Promise<boolean>;
}

/** Starts listening, then loads: probes are answered from the first moment on. */
export async function startServer(settings: Settings, log: Log): Promise<Server> {
  const { maxBodyBytes, modelsDir, defaultModel } = settings;
  const dataPlane = new DataPlane(modelsDir, log, defaultModel);
  let draining = false;
  const routes = createRoutes(dataPlane, settings, () => draining);
  const http = createHttpTransport({ routes, maxBodyBytes, log });
  const port = await http.listen(settings.port, settings.host);
  return {
    port,
    loaded: dataPlane.load(),
    drain: () => {
      draining = true;
      http.drain();
    },
    close: async () => {
      const complete = await http.close();
      await dataPlane.close();
      return complete;
    },
  };
}
