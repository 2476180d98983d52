/** An answer other than success: its status, what went wrong, and the field of the request that caused it. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** A path into the request body, such as `instances[1][2]`. */
    readonly field?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "RequestError";
  }
}

/** The one JSON shape of every error. */
export function errorBody(error: RequestError): string {
  return JSON.stringify({
    error: error.message,
    ...(error.field === undefined ? {} : { field: error.field }),
  });
}
