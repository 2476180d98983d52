import { connect, type Socket } from "node:net";
import { type HttpResponse, MalformedAnswer, ResponseReader } from "./http-response";

/** One request on its way, and who wants to know how it ended. */
export interface Exchange {
  readonly method: string;
  readonly head: string;
  readonly body: Buffer;
  /** Waits until nothing else is under way, and lets nothing follow before it is answered. */
  readonly alone: boolean;
  answered(response: HttpResponse): void;
  /** No proper answer. */
  failed(problem: string): void;
}

/** An answer later than this is none. */
const ANSWER_MS = 15_000;
const MAX_TRIES = 5;

/**
 * One keep-alive connection that is always busy: as many requests under way as `depth` says, matched to their answers by
 * order alone, so that a connection out of step shows. When the server says it closes, what it left unanswered is sent
 * again on a new connection.
 */
export class HttpLane {
  private socket: Socket | undefined;
  private reader = new ResponseReader();
  private underWay: { exchange: Exchange; since: number }[] = [];
  private readonly again: Exchange[] = [];
  private readonly tries = new Map<Exchange, number>();
  private closing = false;
  private finished: () => void = () => undefined;
  /** Settles when there is nothing more to send and all is answered. */
  readonly done = new Promise<void>((resolve) => (this.finished = resolve));
  private readonly clock = setInterval(() => this.checkTime(), 1000);

  /** @param next the next exchange to send; undefined when there is none left */
  constructor(
    private readonly port: number,
    private readonly depth: number,
    private readonly next: () => Exchange | undefined,
  ) {
    this.open();
  }

  /** Gives up on everything: the server is gone. */
  stop(): void {
    clearInterval(this.clock);
    this.underWay = [];
    this.closing = true;
    this.socket?.destroy();
    this.finished();
  }

  private open(): void {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    this.socket = socket;
    this.reader = new ResponseReader();
    this.closing = false;
    socket.on("connect", () => this.fill());
    socket.on("data", (chunk: Buffer) => this.receive(socket, chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => this.lost(socket));
  }

  private fill(): void {
    const { socket } = this;
    if (socket === undefined || socket.connecting || this.closing) return;
    socket.cork();
    while (this.underWay.length < this.depth) {
      if (this.underWay.at(-1)?.exchange.alone === true) break;
      const exchange = this.again.shift() ?? this.next();
      if (exchange === undefined) break;
      if (exchange.alone && this.underWay.length > 0) {
        this.again.unshift(exchange);
        break;
      }
      this.underWay.push({ exchange, since: Date.now() });
      socket.write(exchange.head, "latin1");
      if (exchange.body.length > 0) socket.write(exchange.body);
    }
    socket.uncork();
    if (this.underWay.length === 0) this.stop();
  }

  private receive(socket: Socket, chunk: Buffer): void {
    if (socket !== this.socket) return;
    this.reader.push(chunk);
    try {
      for (;;) {
        const [first] = this.underWay;
        if (first === undefined) {
          if (this.reader.rest > 0) throw new MalformedAnswer("bytes that answer no request");
          break;
        }
        const response = this.reader.next(first.exchange.method);
        if (response === undefined) break;
        this.underWay.shift();
        this.tries.delete(first.exchange);
        first.exchange.answered(response);
        if (response.closes) {
          this.reconnect();
          return;
        }
      }
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      this.underWay.shift()?.exchange.failed(`malformed answer: ${error.message}`);
      this.reconnect();
      return;
    }
    this.fill();
  }

  /** The connection ended without a word about it: the request that was first in line didn't get its answer. */
  private lost(socket: Socket): void {
    if (socket !== this.socket || this.closing) return;
    this.underWay.shift()?.exchange.failed("connection closed without an answer");
    this.reconnect();
  }

  private reconnect(): void {
    this.closing = true;
    this.socket?.destroy();
    for (const { exchange } of this.underWay) {
      const tries = (this.tries.get(exchange) ?? 0) + 1;
      this.tries.set(exchange, tries);
      if (tries < MAX_TRIES) this.again.push(exchange);
      else exchange.failed(`cut off ${MAX_TRIES} times by the requests before it`);
    }
    this.underWay = [];
    this.open();
  }

  private checkTime(): void {
    const [first] = this.underWay;
    if (first === undefined || Date.now() - first.since < ANSWER_MS) return;
    this.underWay.shift();
    first.exchange.failed(`no answer in ${ANSWER_MS / 1000} s`);
    this.reconnect();
  }
}
