import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const WAIT_MS = 240_000;

/** @returns what it looks for, as soon as it is there */
export async function whenThere<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < end, `not within ${WAIT_MS / 1000} s`);
    await sleep(50);
  }
}
