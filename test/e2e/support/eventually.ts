import { setTimeout as sleep } from "node:timers/promises";

/** How long processes, mounts and objects may take to go after the command that took them away has ended. */
const SETTLING_MS = 120_000;

/** What should hold soon. @throws what `holds` threw last */
export async function eventually(holds: () => unknown, timeoutMs = SETTLING_MS): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;)
    try {
      await holds();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(250);
    }
}

export const added = (before: readonly string[], after: readonly string[]) =>
  after.filter((one) => !before.includes(one));
