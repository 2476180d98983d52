import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import type { RequestError } from "../../errors";

/** gRPC's codes for the statuses of RequestError; any other is INTERNAL. */
const CODES: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  // Too many rows: no matter how often it is sent, it stays too large.
  413: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
};

/** By its name: errors come from the server's other bundle, which has a class RequestError of its own. */
export function isRequestError(error: unknown): error is RequestError {
  return error instanceof Error && error.name === "RequestError";
}

/** What the client is told; of an unexpected error, no details. */
export function serviceError(error: unknown, requestId: string): ServiceError {
  const metadata = new Metadata();
  metadata.set("x-request-id", requestId);
  if (!isRequestError(error)) return told(status.INTERNAL, "internal error", metadata);
  for (const [name, value] of Object.entries(error.headers)) metadata.set(name, value);
  const retryAfter = Number(error.headers["retry-after"] ?? error.headers["Retry-After"]);
  // What gRPC's clients look at when they are set up to retry.
  if (retryAfter > 0) metadata.set("grpc-retry-pushback-ms", String(retryAfter * 1000));
  const { field, message } = error;
  const details = field === undefined ? message : `${field}: ${message}`;
  return told(CODES[error.status] ?? status.INTERNAL, details, metadata);
}

function told(code: status, details: string, metadata: Metadata): ServiceError {
  // A text cut within a character can't be sent: gRPC percent-encodes it, which throws.
  const wellFormed = Buffer.from(details).toString();
  return Object.assign(new Error(wellFormed), { code, details: wellFormed, metadata });
}
