/** The process: environment in, signals in, exit code out. */
import { handleSignals } from "./signals";
import { setTimeout as sleep } from "node:timers/promises";
import { createLog, type Log } from "./log";
import { startServer, type Server } from "./server";
import { readSettings, type Settings } from "./settings";

async function main(): Promise<void> {
  let settings: Settings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
    return;
  }
  const log = createLog(settings.logLevel);
  try {
    const starting = startServer(settings, log);
    stopOnSignals(starting, settings, log);
    const server = await starting;
    log.info("listening", { port: server.port });
    await server.loaded;
    const { grpcPort, metricsPort } = server;
    log.info("started", { grpcPort, metricsPort });
  } catch (error) {
    log.error("could not start", { reason: (error as Error).message });
    process.exit(1);
  }
}

/**
 * SIGTERM: not ready, but still serving, until whoever routes to this process has had DRAIN_SECONDS to notice; then no more
 * connections, the requests in flight are finished, exit 0. SIGINT, or a second signal, skips the wait.
 */
function stopOnSignals(starting: Promise<Server>, { drainSeconds }: Settings, log: Log): void {
  const hurry = new AbortController();
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping || signal === "SIGINT") hurry.abort();
    if (stopping) return;
    stopping = true;
    log.info("draining", { signal, seconds: hurry.signal.aborted ? 0 : drainSeconds });
    const stopped = async (): Promise<void> => {
      const server = await starting.catch(() => undefined);
      // One that can't start ends by itself.
      if (server === undefined) return;
      server.drain();
      await sleep(drainSeconds * 1000, undefined, { signal: hurry.signal }).catch(() => undefined);
      const complete = await server.close();
      log.info("stopped", { complete });
      process.exit(complete ? 0 : 1);
    };
    void stopped();
  };
  handleSignals(stop);
}

void main();
