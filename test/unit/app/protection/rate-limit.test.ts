import assert from "node:assert/strict";
import { RateLimit } from "../../../../app/server/protection/rate-limit";

describe("rate limit", () => {
  let now: number;
  beforeEach(() => (now = 1e6));
  const limit = (perSecond: number, burst: number) => new RateLimit(perSecond, burst, () => now);
  const taken = (own: RateLimit, client: string, tries: number): number => {
    let count = 0;
    for (let i = 0; i < tries; i++)
      try {
        own.take(client);
        count++;
      } catch (error) {
        assert.equal((error as { status: number }).status, 429);
      }
    return count;
  };

  it("lets a burst through at once, then so many a second", () => {
    const own = limit(10, 20);
    assert.equal(taken(own, "a", 50), 20);
    for (let second = 0; second < 5; second++) {
      now += 1000;
      assert.equal(taken(own, "a", 50), 10);
    }
    now += 250;
    assert.equal(taken(own, "a", 50), 2);
    now += 50;
    assert.equal(taken(own, "a", 50), 1, "halves add up");
  });

  it("never saves up more than a burst", () => {
    const own = limit(10, 20);
    taken(own, "a", 50);
    now += 3_600_000;
    assert.equal(taken(own, "a", 50), 20);
  });

  it("counts each client by itself", () => {
    const own = limit(1, 2);
    assert.equal(taken(own, "a", 9), 2);
    assert.equal(taken(own, "b", 9), 2);
  });

  it("says how long to wait, in whole seconds", () => {
    const wait = (own: RateLimit): string | undefined => {
      try {
        own.take("a");
        return undefined;
      } catch (error) {
        return (error as { headers: Record<string, string> }).headers["retry-after"];
      }
    };
    const fast = limit(10, 1);
    assert.deepEqual([wait(fast), wait(fast)], [undefined, "1"]);
    const own = limit(1, 1);
    assert.deepEqual([wait(own), wait(own)], [undefined, "1"]);
    now += 1000;
    assert.equal(wait(own), undefined);
  });

  it("remembers a bounded number of clients", () => {
    const own = limit(1, 1);
    assert.equal(taken(own, "first", 2), 1);
    for (let i = 0; i < 9_999; i++) own.take(`client ${i}`);
    assert.equal(taken(own, "first", 1), 0, "ten thousand are remembered");
    own.take("one more");
    assert.equal(taken(own, "first", 1), 1, "then the one seen first is not");
  });
});
