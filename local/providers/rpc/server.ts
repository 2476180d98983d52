/** Runs a provider as a Pulumi plugin: serves pulumirpc.ResourceProvider, prints its port. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Engine } from "./engine";
import { toRpcStatus, UnimplementedError } from "./errors";

export interface Provider {
  /** The version the SDK in node_modules asks for. */
  readonly version: string;
  checkConfig(request: pb.CheckRequest): Promise<pb.CheckResponse>;
  diffConfig(request: pb.DiffRequest): Promise<pb.DiffResponse>;
  configure(request: pb.ConfigureRequest): Promise<pb.ConfigureResponse>;
  check(request: pb.CheckRequest): Promise<pb.CheckResponse>;
  diff(request: pb.DiffRequest): Promise<pb.DiffResponse>;
  create(request: pb.CreateRequest): Promise<pb.CreateResponse>;
  read(request: pb.ReadRequest): Promise<pb.ReadResponse>;
  update(request: pb.UpdateRequest): Promise<pb.UpdateResponse>;
  delete(request: pb.DeleteRequest): Promise<void>;
  /** Default: there are no functions. */
  invoke?(request: pb.InvokeRequest): Promise<pb.InvokeResponse>;
  /** Of a plugin that is what its parameters make of it. Default: it takes none. */
  parameterize?(request: pb.ParameterizeRequest): Promise<pb.ParameterizeResponse>;
  /** Ends what is being waited for; the operations fail with their partial state. */
  cancel(): void;
}

/** The engine allows the same for its own messages. */
const maxMessageBytes = 400 * 1024 * 1024;

export async function serve(makeProvider: (engine: Engine) => Provider): Promise<void> {
  const engine = new Engine(process.argv.slice(2).find((arg) => !arg.startsWith("-")));
  const provider = makeProvider(engine);
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  server.addService(ResourceProviderService, implementation(provider, engine));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  process.stdout.write(`${String(port)}\n`);
  await Promise.race([once(process, "SIGTERM"), orphaned()]);
  provider.cancel();
  // Log lines on their way must still arrive.
  await engine.flushed();
  process.exit(0);
}

const parentPollMs = 1000;

/** An engine that was killed cannot end its plugins; they end by themselves. */
async function orphaned(): Promise<void> {
  const parent = process.ppid;
  while (process.ppid === parent) await sleep(parentPollMs);
}

function implementation(provider: Provider, engine: Engine): UntypedServiceImplementation {
  const on = <Request, Response>(handle: (request: Request) => Promise<Response>) =>
    unary(engine, handle);
  return {
    getPluginInfo: on(() => Promise.resolve(new PluginInfo().setVersion(provider.version))),
    // Nobody asks a stand-in for code generation; `{}` is a valid, empty schema.
    getSchema: on(() => Promise.resolve(new pb.GetSchemaResponse().setSchema("{}"))),
    getMapping: on(() => Promise.resolve(new pb.GetMappingResponse())),
    attach: on((request: { getAddress(): string }) => {
      engine.attach(request.getAddress());
      return Promise.resolve(new Empty());
    }),
    cancel: on(() => {
      provider.cancel();
      return Promise.resolve(new Empty());
    }),
    checkConfig: on((request: pb.CheckRequest) => provider.checkConfig(request)),
    diffConfig: on((request: pb.DiffRequest) => provider.diffConfig(request)),
    configure: on((request: pb.ConfigureRequest) => provider.configure(request)),
    check: on((request: pb.CheckRequest) => provider.check(request)),
    diff: on((request: pb.DiffRequest) => provider.diff(request)),
    create: on((request: pb.CreateRequest) => provider.create(request)),
    read: on((request: pb.ReadRequest) => provider.read(request)),
    update: on((request: pb.UpdateRequest) => provider.update(request)),
    delete: on(async (request: pb.DeleteRequest) => {
      await provider.delete(request);
      return new Empty();
    }),
    invoke: on(
      (request: pb.InvokeRequest) =>
        provider.invoke?.(request) ??
        Promise.reject(new Error(`the stand-in provider has no function ${request.getTok()}`)),
    ),
    parameterize: on(
      (request: pb.ParameterizeRequest) =>
        provider.parameterize?.(request) ??
        Promise.reject(new UnimplementedError("the stand-in provider takes no parameters")),
    ),
  };
}

/** An answer goes out after the log lines that led to it, so that the engine shows them in order. */
function unary<Request, Response>(engine: Engine, handle: (request: Request) => Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    handle(call.request)
      .finally(() => engine.flushed())
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toRpcStatus(error)),
      );
  };
}
