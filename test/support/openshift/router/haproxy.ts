import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../../local/toolchain/run";
import { CONFIGURATION, type RouterFiles, serverName, SOCKET } from "./configuration";
import type { SlotChange } from "./endpoints";

const START_MS = 60_000;
const STOP_MS = 60_000;
const POLL_MS = 20;

/** HAProxy as master and worker: a reload hands the listening sockets from worker to worker. https://docs.haproxy.org/2.6/management.html#3 */
export class Haproxy {
  private master: ChildProcess | undefined;
  private lastWords = "";

  constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly log: (line: string) => void,
  ) {}

  /** Starts, or goes on with other files without refusing a connection. @throws where HAProxy doesn't take them */
  async load(files: RouterFiles): Promise<void> {
    this.write(files);
    const configuration = path.join(this.folder, CONFIGURATION);
    const { code, output } = await run(this.program, ["-c", "-f", configuration]);
    if (code !== 0) throw new Error(`HAProxy refuses its configuration: ${output}`);
    const before = await this.worker();
    if (this.master === undefined || hasEnded(this.master)) this.start(configuration);
    else this.master.kill("SIGUSR2");
    const deadline = Date.now() + START_MS;
    for (;;) {
      const now = await this.worker();
      if (now !== undefined && now !== before) return;
      if (this.master !== undefined && hasEnded(this.master))
        throw new Error(`HAProxy ended: ${this.lastWords}`);
      if (Date.now() > deadline) throw new Error("HAProxy's new worker doesn't answer");
      await sleep(POLL_MS);
    }
  }

  /** For the next load; the running worker has the same already. */
  write(files: RouterFiles): void {
    fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const [name, contents] of Object.entries(files))
      fs.writeFileSync(path.join(this.folder, name), contents, { mode: 0o600 });
  }

  /** Changes a backend's servers while everything goes on. https://docs.haproxy.org/2.6/management.html#9.3-set%20server */
  async setServers(backend: string, changes: readonly SlotChange[]): Promise<void> {
    for (const { slot, endpoint } of changes) {
      const server = `set server ${backend}/${serverName(slot)}`;
      const [address = "", port = ""] = endpoint?.split(":") ?? [];
      const commands =
        endpoint === undefined
          ? [`${server} state maint`]
          : [`${server} addr ${address} port ${port}`, `${server} state ready`];
      for (const command of commands) {
        const answer = await this.ask(command);
        if (/no such|unknown|not found|invalid|can't/i.test(answer))
          throw new Error(`${command}: ${answer.trim()}`);
      }
    }
  }

  async stop(): Promise<void> {
    const { master } = this;
    if (master === undefined || hasEnded(master)) return;
    const ended = new Promise<void>((resolve) => master.once("exit", () => resolve()));
    // The master ends its workers, old ones too.
    master.kill("SIGTERM");
    const timer = setTimeout(() => master.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  private start(configuration: string): void {
    const master = spawn(this.program, ["-W", "-db", "-f", configuration], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.master = master;
    for (const stream of [master.stdout, master.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.lastWords = chunk.toString().trim();
        this.log(`haproxy: ${this.lastWords}`);
      });
    master.once("error", (error) => this.log(`haproxy: ${error.message}`));
  }

  /** Process id of the worker that has the socket. */
  private async worker(): Promise<string | undefined> {
    try {
      return /^Pid: (\d+)$/m.exec(await this.ask("show info"))?.[1];
    } catch {
      return undefined;
    }
  }

  private ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(path.join(this.folder, SOCKET));
      let answer = "";
      socket.setTimeout(START_MS, () => socket.destroy(new Error("no answer")));
      socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
      socket.once("error", reject);
      socket.once("close", () => resolve(answer));
      socket.write(`${command}\n`);
    });
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null;
