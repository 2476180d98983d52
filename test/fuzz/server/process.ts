import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "../../../local/build";
import { entryPointFlags } from "../../../local/image/entry-point";
import { repositoryRoot } from "../../../local/paths";

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly port?: number;
  readonly grpcPort?: number;
}

/** The image's own, and a heap as a pod has room for: with a large machine's it would be long before a leak shows. */
const FLAGS = [...entryPointFlags(), "--max-old-space-size=160"];

/** The server as it is deployed: the bundle, in a process of its own, with the image's own flags. */
export class ServerProcess {
  private http = 0;
  private grpc = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly lines: string[],
  ) {}

  /**
   * Starts it on free ports of 127.0.0.1 and waits until it is ready.
   * @param stage puts the models into the folder that it is given
   * @throws Error with what it wrote, when it ends or isn't ready in time
   */
  static async start(
    stage: (modelsDir: string) => unknown,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    build(["server"]);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-served-"));
    stage(folder);
    const bundle = path.join(repositoryRoot(), "dist", "server.js");
    const child = spawn(process.execPath, [...FLAGS, bundle], {
      env: {
        NODE_ENV: "production",
        HOST: "127.0.0.1",
        PORT: "0",
        GRPC_PORT: "0",
        METRICS_PORT: "0",
        MODELS_DIR: folder,
        DEFAULT_MODEL: "iris",
        DRAIN_SECONDS: "0",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines: string[] = [];
    collectLines(child, lines);
    const server = new ServerProcess(child, folder, lines);
    process.once("exit", () => child.kill("SIGKILL"));
    await server.ready(300);
    return server;
  }

  /** Of HTTP. */
  get port(): number {
    return this.http;
  }

  get grpcPort(): number {
    return this.grpc;
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) return undefined;
    return `exit code ${String(exitCode)}, signal ${String(signalCode)}`;
  }

  onExit(listener: () => void): void {
    this.child.once("exit", listener);
  }

  /** The last lines it wrote. */
  get output(): string {
    return this.lines.slice(-20).join("\n");
  }

  /** Log lines that tell of a fault of its own; each is given once. Lines that are no log lines are such. */
  takeFaults(): string[] {
    const faults: string[] = [];
    const unparsed: string[] = [];
    for (const line of this.lines.splice(0)) {
      const { level } = parseLine(line);
      if (level === "none") unparsed.push(line);
      else if (level !== "info" && level !== "debug" && level !== "warn") faults.push(line);
    }
    return unparsed.length === 0 ? faults : [...faults, unparsed.join("\n")];
  }

  /** Memory that the process has resident, in MiB; undefined when it is just ending. */
  residentMebibytes(): number | undefined {
    const status = fs.readFileSync(`/proc/${this.child.pid ?? 0}/status`, "utf8");
    const kibibytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  }

  /** Ends it, by force when it doesn't end by itself. */
  async stop(): Promise<void> {
    if (this.ended === undefined) {
      this.child.kill("SIGTERM");
      const forced = setTimeout(() => this.child.kill("SIGKILL"), 60_000);
      await once(this.child, "exit");
      clearTimeout(forced);
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ready is when it says so itself, at the ports that it has logged. */
  private async ready(seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const logged = this.lines.map(parseLine);
      const started = logged.find(({ message }) => message === "started");
      this.http = logged.find(({ message }) => message === "listening")?.port ?? 0;
      this.grpc = started?.grpcPort ?? 0;
      const ready =
        started === undefined
          ? undefined
          : await fetch(`http://127.0.0.1:${this.http}/readyz`).catch(() => undefined);
      if (ready?.ok === true) return;
      if (this.ended !== undefined || Date.now() > deadline) {
        const { output, ended = "it runs" } = this;
        await this.stop();
        throw new Error(`the server is not ready after ${seconds} s: ${ended}\n${output}`);
      }
      await sleep(50);
    }
  }
}

/** Whole lines of both streams; only the latest are kept, faults are taken out in time. */
function collectLines(child: ChildProcess, lines: string[]): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      if (lines.length > 10_000) lines.splice(0, lines.length - 10_000);
    });
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: "none", message: line };
  }
}
