import type { Moment } from "./points";

/** Waits beside a command for its moment. */
export class Trap {
  private readonly began = Date.now();
  private root: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sprungAt: number | undefined;

  /** @param spring gets the command's process */
  constructor(
    private readonly moment: Moment,
    private readonly spring: (root: number) => void,
  ) {}

  started(root: number | undefined): void {
    this.root = root;
    this.printed(0);
  }

  /** @param lines that the command has printed so far */
  printed(lines: number): void {
    const { root } = this;
    if (this.timer !== undefined || root === undefined || lines < this.moment.lines) return;
    this.timer = setTimeout(() => {
      this.sprungAt = (Date.now() - this.began) / 1000;
      this.spring(root);
    }, this.moment.milliseconds);
  }

  /** @returns when it sprang, in seconds after the start; undefined if the command ended before */
  disarm(): number | undefined {
    clearTimeout(this.timer);
    return this.sprungAt;
  }
}
