import type { Step } from "../../progress";
import type { Receipt } from "../cache";

/**
 * A way to get a tool that is not on PATH. `Spec` is what the table says of the tool.
 */
export interface Source<Spec> {
  readonly kind: Receipt["source"];
  /** For the progress display: "building from Go modules". */
  readonly doing: string;
  /** Names the cache folder: changes whenever what would be made changes. */
  key(spec: Spec): string;
  /** Why it can't be used now; undefined when it can. Quick, and asked before any long work. */
  obstacle(spec: Spec): Promise<Obstacle | undefined>;
  /** Fills `place.dir`; throws a UserError. */
  fetch(spec: Spec, place: Place, step: Step): Promise<Receipt>;
}

/** Where a tool is made, and where it will be once it is complete. */
export interface Place {
  dir: string;
  folder: string;
}

export interface Obstacle {
  why: string;
  fix?: string;
}

/** Remembers a function's promise by its argument, for this process. */
export function remembered<T>(
  work: (argument: string) => Promise<T>,
): (argument: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (argument) => {
    const present = made.get(argument) ?? work(argument);
    made.set(argument, present);
    return present;
  };
}
