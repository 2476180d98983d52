import { promisify } from "node:util";
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  type Client,
  type ServiceClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const folder = "app/server/transports/grpc";
const packages = loadPackageDefinition(
  loadSync([`${folder}/inference.proto`, `${folder}/health.proto`], {
    keepCase: true,
    longs: String,
    defaults: true,
    enums: String,
  }),
) as unknown as {
  inference: { GRPCInferenceService: ServiceClientConstructor };
  grpc: { health: { v1: { Health: ServiceClientConstructor } } };
};

export interface Contents {
  bool_contents?: boolean[];
  int_contents?: number[];
  int64_contents?: string[];
  uint_contents?: number[];
  uint64_contents?: string[];
  fp32_contents?: number[];
  fp64_contents?: number[];
  bytes_contents?: Buffer[];
}

export interface InferInput {
  name: string;
  datatype: string;
  shape: (number | string)[];
  parameters?: Record<string, unknown>;
  contents?: Contents;
}

export interface InferRequest {
  model_name?: string;
  model_version?: string;
  id?: string;
  inputs: InferInput[];
  outputs?: { name: string; parameters?: Record<string, unknown> }[];
  raw_input_contents?: Buffer[];
}

export interface InferAnswer {
  model_name: string;
  model_version: string;
  id: string;
  outputs: {
    name: string;
    datatype: string;
    shape: string[];
    contents: Required<Contents> | null;
  }[];
  raw_output_contents: Buffer[];
}

type Headers = Readonly<Record<string, string>>;
type Method = (request: object, metadata: Metadata, callback: (error: unknown) => void) => void;

/** A client as the protocol's users make theirs: from the .proto file, with an implementation that isn't the server's. */
export class InferenceClient {
  private readonly inference: Client & Record<string, unknown>;
  private readonly health: Client & Record<string, unknown>;

  constructor(port: number) {
    const { GRPCInferenceService } = packages.inference;
    const { Health } = packages.grpc.health.v1;
    const address = `127.0.0.1:${port}`;
    this.inference = new GRPCInferenceService(address, credentials.createInsecure());
    this.health = new Health(address, credentials.createInsecure());
  }

  call(name: string, request: object = {}, headers: Headers = {}): Promise<unknown> {
    return invoke(this.inference, name, request, headers);
  }

  async infer(request: InferRequest, headers: Headers = {}): Promise<InferAnswer> {
    return (await this.call("ModelInfer", request, headers)) as InferAnswer;
  }

  /** @returns SERVING or NOT_SERVING */
  async check(service = ""): Promise<string> {
    return ((await invoke(this.health, "Check", { service }, {})) as { status: string }).status;
  }

  close(): void {
    this.inference.close();
    this.health.close();
  }
}

/** The error that `call` ends with. */
export async function refusal(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error("it was answered");
}

function invoke(
  client: Client & Record<string, unknown>,
  name: string,
  request: object,
  headers: Headers,
): Promise<unknown> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return promisify((client[name] as Method).bind(client))(request, metadata);
}
