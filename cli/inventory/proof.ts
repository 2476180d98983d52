import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../../local/errors";
import type { Progress } from "../../local/progress";
import type { Found, Inventory } from "./found";
import { describe, describeUnseen, kindCount, removals } from "./report";

/** How long is waited for a cloud, with pauses that double. */
export interface Waiting {
  readonly totalMs: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** Lists may go on naming what is gone: clouds are in several places at once. */
export const PROOF_PATIENCE: Waiting = {
  totalMs: 180_000,
  firstPauseMs: 1000,
  longestPauseMs: 15_000,
};

/** Under the first line of a reason or a remedy. */
const BESIDE = "\n       ";

/**
 * Asks until nothing is listed any more.
 *
 * @param look asks once
 * @throws UserError that lists what is left and how to remove it, or what could not be looked at
 */
export async function proveEmpty(
  stack: string,
  look: () => Promise<Inventory>,
  progress: Progress,
  patience: Waiting = PROOF_PATIENCE,
): Promise<Inventory> {
  const step = progress.step("asking what is left");
  const end = Date.now() + patience.totalMs;
  let wait = patience.firstPauseMs;
  try {
    let inventory = await look();
    while (inventory.found.length > 0 && Date.now() + wait <= end) {
      step.update(`still listed: ${short(inventory.found)}`);
      await pause(wait);
      wait = Math.min(wait * 2, patience.longestPauseMs);
      inventory = await look();
    }
    const { where, found, looked, unseen } = inventory;
    if (found.length > 0) throw leftovers(stack, inventory);
    if (unseen.length > 0) throw unproven(stack, inventory);
    step.done(`nothing is left in ${where}: ${kindCount(looked)} looked at`);
    return inventory;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** What is there, at a glance. */
function short(found: readonly Found[]): string {
  const names = found.slice(0, 3).map(({ kind, name }) => `${kind} ${name}`);
  const more = found.length - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** A list, and commands to paste; the stack stays known, so that it can be asked again. */
export function leftovers(stack: string, inventory: Inventory): UserError {
  const { where, found, unseen } = inventory;
  return new UserError(`${found.length} of stack ${stack} left in ${where}`, {
    why: [...found.map(describe), ...describeUnseen(unseen)].join(BESIDE),
    fix: [...removals(inventory), `${again(stack)}   # looks again`].join(BESIDE),
  });
}

function unproven(stack: string, { where, unseen }: Inventory): UserError {
  return new UserError(`what is left of stack ${stack} in ${where} can't be told`, {
    why: describeUnseen(unseen).join(BESIDE),
    fix: [
      `log in as somebody who may list all of it, then: ${again(stack)}`,
      `or without looking: ${again(stack)} --no-inventory`,
    ].join(BESIDE),
  });
}

const again = (stack: string) => `npm run down -- --stack ${stack}`;
