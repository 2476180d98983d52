import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Component, Context } from "../components";
import { withoutProxies } from "../components/egress";
import { ComponentLog } from "./component-log";
import { type Sandbox, signalInside } from "./sandbox";

const STARTUP_MS = 90_000;
const POLL_MS = 150;
const CHECK_MS = 10_000;
const FAILED_CHECKS = 4;
const BACKOFF_MS = { first: 500, most: 15_000 };

export interface ComponentStatus {
  name: string;
  state: "starting" | "healthy" | "unhealthy" | "restarting" | "stopped";
  restarts: number;
  lastError?: string;
}

/** One process of the cluster: started, watched, restarted when it ends or stops answering. */
export class SupervisedComponent {
  readonly status: ComponentStatus;
  private readonly output: ComponentLog;
  private child: ChildProcess | undefined;
  private stopping = false;
  private backoffMs = BACKOFF_MS.first;

  constructor(
    private readonly component: Component,
    private readonly sandbox: Pick<Sandbox, "command">,
    private readonly context: Context,
    private readonly log: (line: string) => void,
  ) {
    this.status = { name: component.name, state: "stopped", restarts: 0 };
    this.output = new ComponentLog(path.join(context.logs, `${component.name}.log`));
  }

  /** Resolves when the component answers its health check. @throws Error naming its log */
  async start(): Promise<void> {
    this.spawn();
    const deadline = Date.now() + STARTUP_MS;
    while (!(await this.healthy())) {
      if (this.stopping) return;
      if (Date.now() > deadline)
        throw new Error(`${this.component.name} did not start: ${this.output.lastWords()}`);
      await sleep(POLL_MS);
    }
    this.status.state = "healthy";
    this.log(`${this.component.name} is healthy`);
    void this.watch();
  }

  /** From now on its end is not a fault. It ends with the sandbox. */
  stop(): void {
    this.stopping = true;
  }

  private spawn(): void {
    const { argv, env } = this.component.command(this.context);
    const [command = "", ...args] = this.sandbox.command(argv);
    this.status.state = "starting";
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...withoutProxies(process.env), ...env },
      cwd: "/",
    });
    this.child = child;
    // What it started may go on writing after its end.
    for (const stream of [child.stdout, child.stderr]) this.output.keep(stream);
    child.once("error", (error) => this.ended(error.message));
    child.once("exit", (code, signal) => this.ended(signal ?? `exit code ${code}`));
  }

  private ended(how: string): void {
    if (this.stopping) {
      this.status.state = "stopped";
      return;
    }
    this.status.state = "restarting";
    this.status.restarts += 1;
    this.status.lastError = `ended (${how}): ${this.output.lastWords()}`;
    this.log(`${this.component.name} ${this.status.lastError}; restarting in ${this.backoffMs} ms`);
    setTimeout(() => {
      if (!this.stopping) this.spawn();
    }, this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, BACKOFF_MS.most);
  }

  private async watch(): Promise<void> {
    let failed = 0;
    while (!this.stopping) {
      await sleep(failed === 0 && this.status.state === "healthy" ? CHECK_MS : 1000);
      if (await this.healthy()) {
        failed = 0;
        this.backoffMs = BACKOFF_MS.first;
        this.status.state = "healthy";
        this.output.rotate();
        continue;
      }
      failed += 1;
      if (this.status.state === "healthy") this.status.state = "unhealthy";
      if (failed < FAILED_CHECKS || this.status.state === "restarting") continue;
      failed = 0;
      this.log(`${this.component.name} does not answer; killing it`);
      if (this.child?.pid !== undefined) signalInside(this.child.pid, "SIGKILL");
    }
  }

  private async healthy(): Promise<boolean> {
    if (this.child === undefined || this.child.exitCode !== null) return false;
    try {
      return await this.component.healthy(this.context);
    } catch {
      return false;
    }
  }
}
