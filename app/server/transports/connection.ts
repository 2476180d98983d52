import type { ServerResponse } from "node:http";

/** Requests that a client may send ahead of their answers. */
const MAX_AHEAD = 128;

/** How long a refused client may read, and send what nobody reads. */
export const LINGER_MS = 1000;

/** What is known of a connection: the answers it waits for. */
export class Connection {
  private last: ServerResponse | undefined;
  /** Before the last one, when that wasn't finished: only the last request can be incomplete. */
  private previous: ServerResponse | undefined;
  /** Answers that wait for another one: they go out in the requests' order. */
  private ahead = 0;
  private unread = 0;
  private refused = false;

  /** @param surplus beyond the limit: it is told so, unless it asks for what is always open, as probes do */
  constructor(readonly surplus: boolean) {}

  /**
   * Notes the answer to a request that has begun.
   * @returns false when too many wait: each costs some kilobytes, and one packet can hold a thousand requests
   */
  add(response: ServerResponse): boolean {
    const { last } = this;
    this.last = response;
    this.previous = undefined;
    if (last === undefined || isFinished(last)) return true;
    this.previous = last;
    if (this.ahead >= MAX_AHEAD) return false;
    this.ahead++;
    response.once("close", () => this.ahead--);
    return true;
  }

  /** Notes that nothing more is read of it. @returns false when that was known */
  refuse(): boolean {
    const first = !this.refused;
    this.refused = true;
    return first;
  }

  /** Calls `then` when every request that came whole is answered: at once, mostly. */
  whenAnswered(then: () => void): void {
    const whole = this.last?.req.complete === true ? this.last : this.previous;
    if (whole === undefined || isFinished(whole)) then();
    else whole.once("finish", then);
  }

  /** Whether the client has read none of its answers since this was last asked. @param unread bytes that wait to be sent */
  isStalled(unread: number): boolean {
    const stalled = unread > 0 && unread === this.unread;
    this.unread = unread;
    return stalled;
  }
}

function isFinished(response: ServerResponse): boolean {
  return response.writableFinished || response.destroyed;
}
