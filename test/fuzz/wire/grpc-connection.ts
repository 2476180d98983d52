import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { GrpcAnswer } from "../oracle/grpc-answers";

/** A call without an answer for so long gets none. */
const ANSWER_MS = 15_000;

/** One HTTP/2 connection at a time; a new one is made whenever the server ends it. */
export class GrpcConnection {
  private session: ClientHttp2Session | undefined;

  constructor(private readonly port: number) {}

  /**
   * One call. Headers and bytes go out as they are.
   * @param cancel end the call at once, without waiting for an answer
   * @returns undefined when the connection broke or went away under it: it says nothing about the call
   */
  call(
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    cancel = false,
  ): Promise<GrpcAnswer | undefined> {
    return new Promise((resolve, reject) => {
      const stream = this.open().request(headers, { endStream: false });
      const chunks: Buffer[] = [];
      let httpStatus: number | undefined;
      let status: number | undefined;
      let message = "";
      const timer = setTimeout(() => {
        stream.close(constants.NGHTTP2_CANCEL);
        reject(new Error(`no answer in ${ANSWER_MS / 1000} s`));
      }, ANSWER_MS);
      const readStatus = (from: Readonly<Record<string, unknown>>): void => {
        const text = from["grpc-message"];
        if (from["grpc-status"] === undefined) return;
        status = Number(from["grpc-status"]);
        message = typeof text === "string" ? decode(text) : "";
      };
      stream.on("response", (got) => {
        httpStatus = Number(got[":status"]);
        readStatus(got);
      });
      stream.on("trailers", readStatus);
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", () => undefined);
      stream.on("close", () => {
        clearTimeout(timer);
        const answer = { httpStatus, status, message, body: Buffer.concat(chunks) };
        const reset = stream.rstCode === constants.NGHTTP2_NO_ERROR ? undefined : stream.rstCode;
        const lost = status === undefined && isGone(stream);
        resolve(lost ? undefined : { ...answer, reset: status === undefined ? reset : undefined });
      });
      if (cancel) {
        stream.write(body);
        setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      } else stream.end(body);
    });
  }

  close(): void {
    this.session?.destroy();
  }

  private open(): ClientHttp2Session {
    if (this.session !== undefined && !this.session.closed && !this.session.destroyed)
      return this.session;
    const session = connect(`http://127.0.0.1:${this.port}`);
    session.on("error", () => undefined);
    session.on("goaway", () => session.close());
    session.setMaxListeners(100);
    this.session = session;
    return session;
  }
}

function isGone({ session }: ClientHttp2Stream): boolean {
  return session === undefined || session.destroyed || session.closed;
}

function decode(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
