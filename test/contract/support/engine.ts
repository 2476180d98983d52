/** The engine's end of a plugin's log, recorded. */
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";

export interface LogLine {
  urn: string;
  message: string;
  ephemeral: boolean;
}

export class RecordingEngine {
  readonly lines: LogLine[] = [];
  readonly #server = new Server();

  async start(): Promise<string> {
    this.#server.addService(EngineService, {
      log: (call: ServerUnaryCall<LogRequest, Empty>, callback: sendUnaryData<Empty>) => {
        const { request } = call;
        this.lines.push({
          urn: request.getUrn(),
          message: request.getMessage(),
          ephemeral: request.getEphemeral(),
        });
        callback(null, new Empty());
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    return `127.0.0.1:${String(port)}`;
  }

  messages(urn: string): string[] {
    return this.lines.filter((line) => line.urn === urn).map((line) => line.message);
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}
