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

const REPEAT_MS = { terminal: 200, log: 15_000 };

/** A line that updates in place on a terminal; elsewhere a line at the start, every 15 s and at the end. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return { step: (title) => new WrittenStep(title, stream) };
}

export function silentProgress(): Progress {
  const step: Step = { update: () => undefined, done: () => undefined, fail: () => undefined };
  return { step: () => step };
}

class WrittenStep implements Step {
  private readonly started = Date.now();
  private readonly timer: NodeJS.Timeout;
  private detail = "";
  private written = false;
  private closed = false;

  constructor(
    private readonly title: string,
    private readonly stream: NodeJS.WriteStream,
  ) {
    this.timer = setInterval(
      () => this.running(),
      stream.isTTY ? REPEAT_MS.terminal : REPEAT_MS.log,
    );
    this.timer.unref();
  }

  update(detail: string): void {
    this.detail = detail;
  }

  done(note = ""): void {
    this.close("✓", note);
  }

  fail(note = ""): void {
    this.close("✗", note);
  }

  private running(): void {
    this.written = true;
    if (this.stream.isTTY) this.stream.write(`\r\x1b[2K${this.line("…", this.detail)}`);
    else this.stream.write(`${this.line("…", this.detail)}\n`);
  }

  private close(mark: string, note: string): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    const clear = this.stream.isTTY && this.written ? "\r\x1b[2K" : "";
    this.stream.write(`${clear}${this.line(mark, note)}\n`);
  }

  private line(mark: string, note: string): string {
    const seconds = ((Date.now() - this.started) / 1000).toFixed(1);
    const text = `${mark} ${this.title} (${seconds} s)${note === "" ? "" : `: ${note}`}`;
    const width = this.stream.isTTY ? this.stream.columns : Infinity;
    return text.length > width ? `${text.slice(0, width - 1)}…` : text;
  }
}
