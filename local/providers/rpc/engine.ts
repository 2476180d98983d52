/** The engine's side of the conversation: log lines and, per resource, a status that is replaced. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "debug" | "info" | "warning" | "error";

const severities = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

export interface EngineLog {
  /** A line that stays in the update's diagnostics. */
  log(severity: Severity, message: string, urn?: string): void;
  /** Shown beside the resource while it is worked on, then gone. */
  status(message: string, urn: string, severity?: Severity): void;
  /** Resolves when every line sent so far has arrived. */
  flushed(): Promise<void>;
}

const logDeadlineMs = 30_000;

export class Engine implements EngineLog {
  #client: EngineClient | undefined;
  #pending = new Set<Promise<void>>();

  constructor(private address: string | undefined) {}

  attach(address: string): void {
    this.address = address;
    this.#client = undefined;
  }

  log(severity: Severity, message: string, urn = ""): void {
    this.#send(severity, message, urn, false);
  }

  status(message: string, urn: string, severity: Severity = "info"): void {
    this.#send(severity, message, urn, true);
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #send(severity: Severity, message: string, urn: string, ephemeral: boolean): void {
    if (this.address === undefined) return;
    this.#client ??= new EngineClient(this.address, credentials.createInsecure());
    const request = new LogRequest()
      .setSeverity(severities[severity])
      .setMessage(message)
      .setUrn(urn)
      .setStreamid(0)
      .setEphemeral(ephemeral);
    const client = this.#client;
    const sent = new Promise<void>((resolve) => {
      // A log line that cannot be delivered must not fail the operation it tells of.
      client.log(request, new Metadata(), { deadline: Date.now() + logDeadlineMs }, () =>
        resolve(),
      );
    });
    this.#pending.add(sent);
    void sent.then(() => this.#pending.delete(sent));
  }
}
