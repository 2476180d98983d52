export interface HttpResponse {
  readonly status: number;
  /** By lower-case name; of one that came twice, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the server said that it ends the connection. */
  readonly closes: boolean;
}

/** What came back isn't HTTP as RFC 9112 has it. */
export class MalformedAnswer extends Error {}

const END_OF_HEADERS = Buffer.from("\r\n\r\n");
const STATUS_LINE = /^HTTP\/1\.1 ([1-5][0-9][0-9]) [\t\x20-\x7e]*$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** Takes a connection's bytes as they come, and gives its answers: stricter than any client, on purpose. */
export class ResponseReader {
  private bytes: Buffer = Buffer.alloc(0);
  /** Headers read, body not yet. */
  private head: { status: number; headers: Map<string, string>; length: number } | undefined;

  push(chunk: Buffer): void {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
  }

  /** Bytes that belong to no complete answer. */
  get rest(): number {
    return this.bytes.length + (this.head === undefined ? 0 : 1);
  }

  /**
   * The next complete answer, undefined while there is none. Those with 1xx are passed over.
   * @param method of the request that it answers: HEAD's has no body
   * @throws MalformedAnswer
   */
  next(method: string): HttpResponse | undefined {
    for (;;) {
      this.head ??= this.readHead(method);
      if (this.head === undefined) return undefined;
      const { status, headers, length } = this.head;
      if (this.bytes.length < length) return undefined;
      const body = this.bytes.subarray(0, length);
      this.bytes = this.bytes.subarray(length);
      this.head = undefined;
      if (status < 200) continue;
      return { status, headers, body, closes: headers.get("connection") === "close" };
    }
  }

  private readHead(method: string) {
    const end = this.bytes.indexOf(END_OF_HEADERS);
    if (end === -1) {
      if (this.bytes.length > 65_536) throw new MalformedAnswer("headers without an end");
      return undefined;
    }
    const [first = "", ...lines] = this.bytes.toString("latin1", 0, end).split("\r\n");
    this.bytes = this.bytes.subarray(end + 4);
    const status = Number(STATUS_LINE.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new MalformedAnswer(`status line "${first.slice(0, 100)}"`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const [, name, value] = HEADER_LINE.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new MalformedAnswer(`header "${line.slice(0, 100)}"`);
      const key = name.toLowerCase();
      if (key === "content-length" && headers.has(key))
        throw new MalformedAnswer("Content-Length twice");
      headers.set(key, value);
    }
    return { status, headers, length: bodyLength(method, status, headers) };
  }
}

function bodyLength(method: string, status: number, headers: ReadonlyMap<string, string>): number {
  if (headers.has("transfer-encoding"))
    throw new MalformedAnswer("Transfer-Encoding, where every answer's length is known");
  const stated = headers.get("content-length");
  if (status === 204 || status < 200) {
    if (stated !== undefined) throw new MalformedAnswer(`Content-Length with ${status}`);
    return 0;
  }
  if (stated === undefined || !/^[0-9]{1,9}$/.test(stated))
    throw new MalformedAnswer(`Content-Length ${stated ?? "missing"}`);
  return method === "HEAD" ? 0 : Number(stated);
}
