import { Metadata, status, type StatusObject } from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { toStruct, type PropertyMap } from "./properties";

/**
 * The resource exists but did not become ready. The engine stores `properties`, marks the resource
 * as failed to initialise and tries an update next time (pulumirpc.ErrorResourceInitFailed).
 */
export class InitializationError extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly properties: PropertyMap,
    readonly reasons: string[],
    readonly inputs?: PropertyMap,
  ) {
    super(message);
  }
}

/** An RPC the provider does not have. */
export class UnimplementedError extends Error {}

export function toRpcStatus(error: unknown): StatusObject {
  const details = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  if (error instanceof UnimplementedError) return { code: status.UNIMPLEMENTED, details, metadata };
  if (error instanceof InitializationError)
    metadata.set("grpc-status-details-bin", initializationDetails(error));
  return { code: status.UNKNOWN, details, metadata };
}

function initializationDetails(error: InitializationError): Buffer {
  const failed = new ErrorResourceInitFailed();
  failed.setId(error.id);
  failed.setProperties(toStruct(error.properties));
  failed.setReasonsList(error.reasons);
  if (error.inputs !== undefined) failed.setInputs(toStruct(error.inputs));
  const any = new Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rpcStatus = new Status();
  rpcStatus.setCode(status.UNKNOWN);
  rpcStatus.setMessage(error.message);
  rpcStatus.addDetails(any);
  return Buffer.from(rpcStatus.serializeBinary());
}
