import type { Progress } from "../../local/progress";
import { runTrial, type Bench, type Entry, type Trial } from "./trial";

/** A contender with all its rounds. */
export interface Measured {
  readonly entry: Entry;
  /** By round: trials of the same number ran within a minute or two of each other. */
  readonly trials: readonly Trial[];
}

/** Contenders whose latency over a single connection is compared. */
const SINGLE_CONNECTION = new Set(["modelport", "constant"]);

/** A B C … A B C …: whatever slows the machine for a while slows everyone, and ratios are taken round by round. */
export async function runRounds(
  bench: Bench,
  entries: readonly Entry[],
  rounds: number,
  progress: Progress,
): Promise<Measured[]> {
  const measured = entries.map((entry) => ({ entry, trials: [] as Trial[] }));
  for (let round = 1; round <= rounds; round++) {
    const step = progress.step(`round ${round} of ${rounds}`);
    for (const { entry, trials } of measured) {
      const { contender, model } = entry;
      step.update(`${contender.title}, ${model.name}`);
      const single =
        model.name === "iris" && SINGLE_CONNECTION.has(contender.name) ? bench.seconds / 2 : 0;
      trials.push(await runTrial(bench, entry, single));
    }
    const [first] = measured;
    const rate = first?.trials.at(-1)?.load.requestsPerSecond;
    step.done(rate === undefined ? "" : `modelport ${Math.round(rate)}/s`);
  }
  return measured;
}
