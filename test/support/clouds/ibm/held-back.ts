import { setTimeout as delay } from "node:timers/promises";
import type { Cloud } from "../cloud";
import type { Kind } from "../kind";

/**
 * A record of this kind, by a test's hand, with a type token as its ID: what is made of that type is there, but who made it is not told
 * until the record is gone. The moment in which a killed update loses it.
 */
export const HELD_BACK = "ibm held back";

const LOOK_EVERY_MS = 10;

export function heldBack(kind: Kind): Kind {
  return {
    ...kind,
    async create(inputs, cloud) {
      const made = await kind.create(inputs, cloud);
      return {
        ...made,
        async finish() {
          const outputs = (await made.finish?.()) ?? {};
          await released(kind.token, cloud);
          return outputs;
        },
      };
    },
  };
}

async function released(token: string, { store }: Cloud): Promise<void> {
  while (store.find(HELD_BACK, token) !== undefined) await delay(LOOK_EVERY_MS);
}
