import { createServer, type AddressInfo } from "node:net";
import {
  logVerbosity,
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  ServerListenerBuilder,
  setLogVerbosity,
  status,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { createServices, type ServiceOptions } from "./services";

export interface GrpcOptions extends Omit<ServiceOptions, "isDraining"> {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default: all addresses, IPv4 and IPv6. */
  readonly host?: string | undefined;
  /** Of one message, also after it was decompressed. */
  readonly maxBodyBytes: number;
  /** Connections at once; more are closed as they come. Default 4096. */
  readonly maxConnections?: number;
  /** How long a client may take to send its request, and how long closing waits for answers. Default 10 s. */
  readonly requestMs?: number;
}

export interface GrpcTransport {
  readonly port: number;
  /** Not ready from now on; connections are asked to go elsewhere, new ones are still accepted, everything is served. */
  drain(): void;
  /** Accepts nothing more; resolves when the requests in flight are answered, false when some had to be cut off. */
  close(): Promise<boolean>;
}

/** Requests at once on one connection; more wait at the client. */
const MAX_STREAMS = 256;

/** After so long without a word, a client is asked whether it is there, and has as long as a request to say so. */
const KEEPALIVE_MS = 30_000;

/** How long an idle connection is kept: longer than any balancer's (Google's keeps them 600 s). */
const IDLE_MS = 620_000;

/** The Open Inference Protocol over gRPC, without TLS: that is the Route's or Ingress'. */
export async function startGrpc(options: GrpcOptions): Promise<GrpcTransport> {
  const { port, host, maxBodyBytes, maxConnections = 4096, requestMs = 10_000 } = options;
  let draining = false;
  // It tells of what clients send wrong, on stderr and not as JSON.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": maxBodyBytes,
    "grpc.max_concurrent_streams": MAX_STREAMS,
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": requestMs,
    "grpc.max_connection_idle_ms": IDLE_MS,
    "grpc.enable_channelz": 0,
    interceptors: [cutOffSlowRequests(requestMs)],
  });
  for (const { definition, implementation } of createServices({
    ...options,
    isDraining: () => draining,
  }))
    server.addService(definition, implementation);

  // The library's own listener has no limit of connections.
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer({ noDelay: true }, (socket) =>
    connections.injectConnection(socket),
  );
  listener.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, host, () => {
      listener.off("error", reject);
      resolve();
    });
  });

  return {
    port: (listener.address() as AddressInfo).port,
    drain: () => {
      draining = true;
      connections.drain(NEVER_MS);
    },
    close: () =>
      new Promise((resolve) => {
        draining = true;
        let complete = true;
        const deadline = setTimeout(() => {
          complete = false;
          connections.drain(0);
        }, requestMs);
        // Not the server's tryShutdown(): on Node 24 it doesn't wait for requests in flight. The listener waits for its
        // connections, and each ends with the last of its requests.
        listener.close(() => {
          clearTimeout(deadline);
          resolve(complete);
        });
        connections.drain(NEVER_MS);
      }),
  };
}

/** Ends what `drain` would otherwise cut off: closing has a deadline of its own. */
const NEVER_MS = 2 ** 31 - 1;

/** A request has to be there whole within `requestMs`; its answer may take as long as the client waits. */
function cutOffSlowRequests(requestMs: number): ServerInterceptor {
  const details = `the request took longer than ${requestMs / 1000} s to arrive`;
  return (_method, call) =>
    new ServerInterceptingCall(
      call,
      new ResponderBuilder()
        .withStart((next) => {
          const timer = setTimeout(
            () => call.sendStatus({ code: status.DEADLINE_EXCEEDED, details, metadata: null }),
            requestMs,
          );
          next(
            new ServerListenerBuilder()
              .withOnReceiveHalfClose((proceed) => {
                clearTimeout(timer);
                proceed();
              })
              .withOnCancel(() => clearTimeout(timer))
              .build(),
          );
        })
        .build(),
    );
}
