import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";

/** An answer without the library: its status and message, as they are on the wire. */
export async function exchange(
  session: ClientHttp2Session,
  body: Buffer,
  path = "/inference.GRPCInferenceService/ModelInfer",
  headers: Readonly<Record<string, string>> = {},
): Promise<{ http: number; code: string | undefined; message: string | undefined }> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let told: Record<string, unknown> = {};
  const note = (own: IncomingHttpHeaders): void => {
    told = { ...told, ...own };
  };
  stream.on("response", note);
  stream.on("trailers", note);
  stream.end(body);
  stream.resume();
  await new Promise<void>((resolve, reject) => {
    stream.on("close", () => resolve());
    stream.on("error", reject);
  });
  return {
    http: told[":status"] as number,
    code: told["grpc-status"] as string | undefined,
    message: told["grpc-message"] as string | undefined,
  };
}

/** A message with gRPC's five bytes before it. */
export function framed(message: Uint8Array, compressed = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
