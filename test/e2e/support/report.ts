/** One thing that a journey does; throws where it goes wrong. */
export interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface Timing {
  readonly target: string;
  readonly step: string;
  readonly seconds: number;
  readonly passed: boolean;
}

/** Runs steps up to the first that fails, and says so as it goes. @returns how long each took */
export async function runSteps(
  target: string,
  steps: readonly Step[],
  print: (line: string) => void,
): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (const { name, run } of steps) {
    const began = Date.now();
    const failure = await run().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const seconds = (Date.now() - began) / 1000;
    const passed = failure === undefined;
    timings.push({ target, step: name, seconds, passed });
    print(`${passed ? "✓" : "✗"} ${seconds.toFixed(1).padStart(6)} s  ${target}: ${name}`);
    if (failure === undefined) continue;
    print(failure);
    break;
  }
  return timings;
}

/** A row a step, a sum a target. */
export function table(timings: readonly Timing[]): string {
  const targets = [...new Set(timings.map(({ target }) => target))];
  const rows = targets.flatMap((target) => {
    const own = timings.filter((timing) => timing.target === target);
    const sum = own.reduce((total, { seconds }) => total + seconds, 0);
    const passed = own.every((timing) => timing.passed);
    return [...own, { target, step: "in all", seconds: sum, passed }];
  });
  const width = Math.max(...rows.map(({ step }) => step.length));
  const lines = rows.map(
    ({ target, step, seconds, passed }) =>
      `${target.padEnd(10)} ${step.padEnd(width)} ${seconds.toFixed(1).padStart(7)} s  ${passed ? "ok" : "FAILED"}`,
  );
  return lines.join("\n");
}
