/** Progress of long steps, always on stderr, so that stdout stays for results. */
export interface Progress {
  step(title: string): Step;
}

export interface Step {
  /** What is happening right now, a few words. */
  update(detail: string): void;
  done(note?: string): void;
  fail(note?: string): void;
}

const TERMINAL_MS = 200;
const LOG_MS = 15_000;
/** A step in a log that has nothing new to say shows a sign of life so much less often. */
const QUIET_ROUNDS = 4;

/**
 * On a terminal, one line in place that shows the step that moved last; elsewhere a line for each step that moved, every
 * 15 s. Either way a line when a step ends.
 */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const display = new Display(stream);
  return { step: (title) => display.open(title) };
}

export function silentProgress(): Progress {
  const step: Step = { update: () => undefined, done: () => undefined, fail: () => undefined };
  return { step: () => step };
}

interface OpenStep {
  title: string;
  started: number;
  detail: string;
  /** When the detail last changed. */
  moved: number;
  /** Rounds of a log since its last line. */
  quiet: number;
  shown: string;
}

class Display {
  private readonly steps = new Set<OpenStep>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  open(title: string): Step {
    const now = Date.now();
    const step: OpenStep = { title, started: now, detail: "", moved: now, quiet: 0, shown: "" };
    this.steps.add(step);
    const round = (): void => (this.stream.isTTY ? this.inPlace() : this.inLog());
    this.timer ??= setInterval(round, this.stream.isTTY ? TERMINAL_MS : LOG_MS).unref();
    return {
      update: (detail) => {
        if (detail !== step.detail) step.moved = Date.now();
        step.detail = detail;
      },
      done: (note = "") => this.close(step, "✓", note),
      fail: (note = "") => this.close(step, "✗", note),
    };
  }

  private inPlace(): void {
    const [latest] = [...this.steps].sort((one, other) => other.moved - one.moved);
    if (latest !== undefined)
      this.stream.write(`\r\x1b[2K${this.line(latest, "…", latest.detail)}`);
  }

  private inLog(): void {
    for (const step of this.steps) {
      step.quiet += 1;
      if (step.detail === step.shown && step.quiet < QUIET_ROUNDS) continue;
      step.quiet = 0;
      step.shown = step.detail;
      this.stream.write(`${this.line(step, "…", step.detail)}\n`);
    }
  }

  private close(step: OpenStep, mark: string, note: string): void {
    if (!this.steps.delete(step)) return;
    if (this.steps.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    const clear = this.stream.isTTY ? "\r\x1b[2K" : "";
    this.stream.write(`${clear}${this.line(step, mark, note)}\n`);
  }

  private line({ title, started }: OpenStep, mark: string, note: string): string {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const text = `${mark} ${title} (${seconds} s)${note === "" ? "" : `: ${note}`}`;
    const width = this.stream.isTTY ? this.stream.columns : Infinity;
    return text.length > width ? `${text.slice(0, width - 1)}…` : text;
  }
}
