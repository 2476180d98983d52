import { RequestError } from "../errors";

/** Clients remembered at once; the one seen first is forgotten for the next. */
const MAX_CLIENTS = 10_000;

interface Bucket {
  /** Requests that may come at once. */
  tokens: number;
  /** When that was so, in milliseconds. */
  at: number;
}

/** A token bucket per client: `perSecond` requests a second in the long run, `burst` at once. */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws RequestError 429 with Retry-After, in seconds, when `client` has asked too often. */
  take(client: string): void {
    const now = this.now();
    let bucket = this.buckets.get(client);
    if (bucket === undefined) {
      bucket = this.add(client, now);
    } else {
      const earned = ((now - bucket.at) / 1000) * this.perSecond;
      bucket.tokens = Math.min(this.burst, bucket.tokens + earned);
      bucket.at = now;
    }
    if (bucket.tokens < 1) {
      const seconds = Math.ceil((1 - bucket.tokens) / this.perSecond);
      throw new RequestError(
        429,
        `at most ${this.perSecond} requests a second, ${this.burst} at once`,
        undefined,
        { "retry-after": String(seconds) },
      );
    }
    bucket.tokens--;
  }

  private add(client: string, now: number): Bucket {
    if (this.buckets.size >= MAX_CLIENTS) {
      const [first] = this.buckets.keys();
      if (first !== undefined) this.buckets.delete(first);
    }
    const bucket = { tokens: this.burst, at: now };
    this.buckets.set(client, bucket);
    return bucket;
  }
}
