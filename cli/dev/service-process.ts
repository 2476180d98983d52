import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ServiceProcessArgs {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line of either stream. */
  readonly onLine: (line: string) => void;
  /** It ended by itself and is started again. */
  readonly onCrash: (why: string, againInMs: number) => void;
  /** Runs after each end, e.g. to remove what outlives the process. */
  readonly cleanUp?: () => Promise<void>;
}

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Who ran so long did start well: the next crash counts as the first. */
const STEADY_MS = 10_000;

/**
 * A program that is kept running until it is stopped. It leads a process group of its own: a terminal's Ctrl-C comes to us alone, and
 * what it started ends with it.
 */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private wanted = false;
  private stopped = false;

  constructor(private readonly args: ServiceProcessArgs) {}

  /** Of the running process. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    clearTimeout(this.timer);
    this.wanted = true;
    const { argv, cwd, env, onLine } = this.args;
    const [file = "", ...rest] = argv;
    const started = Date.now();
    const child = spawn(file, rest, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", onLine);
    this.ended = new Promise((resolve) => {
      let failure = "";
      child.once("error", (error) => {
        failure = `can't be started: ${error.message}`;
        // Without a process nothing will be closed.
        if (child.pid === undefined) child.emit("exit", 1, null);
      });
      child.once("exit", (code, signal) => {
        // What it started and left behind, too.
        this.signal("SIGKILL");
        this.child = undefined;
        const how = signal === null ? `exit code ${String(code)}` : signal;
        void this.over(failure === "" ? `ended with ${how}` : failure, started).then(resolve);
      });
    });
  }

  /** Ends it and starts it anew, unless it is stopped meanwhile. */
  async restart(): Promise<void> {
    await this.end();
    if (!this.stopped) this.start();
  }

  /** SIGTERM, and SIGKILL after a grace period; it stays ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.end();
  }

  private async end(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.timer);
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** At once. */
  kill(): void {
    this.signal("SIGKILL");
  }

  private signal(name: NodeJS.Signals): void {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // It ended meanwhile.
    }
  }

  private async over(why: string, started: number): Promise<void> {
    await this.args.cleanUp?.();
    if (!this.wanted) return;
    if (Date.now() - started > STEADY_MS) this.pauseMs = FIRST_PAUSE_MS;
    const { pauseMs } = this;
    this.pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    this.args.onCrash(why, pauseMs);
    this.timer = setTimeout(() => this.start(), pauseMs);
  }
}
