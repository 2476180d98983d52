import type { ServiceDefinition } from "@grpc/grpc-js";
import { Root, type INamespace, type Type } from "protobufjs/light";
import descriptor from "./descriptor.json";

// The messages of inference.proto as they are here: lists are never missing, but a parameter's value may be.

/** A 64-bit integer that was decoded: more than a number holds. */
interface Int64 {
  toString(): string;
}

export interface InferTensorContents {
  readonly bool_contents: readonly boolean[];
  readonly int_contents: readonly number[];
  readonly int64_contents: readonly Int64[];
  readonly uint_contents: readonly number[];
  readonly uint64_contents: readonly Int64[];
  readonly fp32_contents: readonly number[];
  readonly fp64_contents: readonly number[];
  readonly bytes_contents: readonly Uint8Array[];
}

export interface ModelRequest {
  readonly name: string;
  readonly version: string;
}

export interface ModelInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly Int64[];
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly contents: InferTensorContents | null;
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    /** Any list of numbers does for the numeric ones. */
    readonly contents?: Partial<
      Record<keyof InferTensorContents, ArrayLike<number | boolean | string | Uint8Array>>
    >;
  }[];
  readonly raw_output_contents?: readonly Uint8Array[];
}

const root = Root.fromJSON(descriptor as INamespace);

/** Bytes of one kind of message to an object and back. */
export class Message<T extends object> {
  private readonly type: Type;

  constructor(name: string) {
    this.type = root.lookupType(name);
  }

  /** @throws Error when `bytes` are no such message. */
  decode(bytes: Uint8Array): T {
    return this.type.decode(bytes) as unknown as T;
  }

  encode(message: T): Buffer {
    const { buffer, byteOffset, byteLength } = this.type.encode(message).finish();
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

/**
 * Services by their full name. Requests and answers pass the library as bytes, so that what can't be decoded is answered
 * as any other invalid request is.
 */
export function serviceDefinition(service: string): ServiceDefinition {
  const same = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    root.lookupService(service).methodsArray.map(({ name }) => [
      name,
      {
        path: `/${service}/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
}

const inference = <T extends object>(name: string) => new Message<T>(`inference.${name}`);

export const empty = inference<object>("ServerLiveRequest");
export const serverLiveResponse = inference<{ live: boolean }>("ServerLiveResponse");
export const readyResponse = inference<{ ready: boolean }>("ModelReadyResponse");
export const modelRequest = inference<ModelRequest>("ModelReadyRequest");
export const serverMetadataResponse = inference<{
  name: string;
  version: string;
  extensions: readonly string[];
}>("ServerMetadataResponse");
interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}
export const modelMetadataResponse = inference<{
  name: string;
  versions: readonly string[];
  platform: string;
  inputs: readonly TensorMetadata[];
  outputs: readonly TensorMetadata[];
}>("ModelMetadataResponse");
export const modelInferRequest = inference<ModelInferRequest>("ModelInferRequest");
export const modelInferResponse = inference<ModelInferResponse>("ModelInferResponse");

export const healthCheckRequest = new Message<{ service: string }>(
  "grpc.health.v1.HealthCheckRequest",
);
/** 1 is SERVING, 2 is NOT_SERVING. */
export const healthCheckResponse = new Message<{ status: 1 | 2 }>(
  "grpc.health.v1.HealthCheckResponse",
);
