import { spawn } from "node:child_process";

/** What to send, and the one answer that is right. */
export interface Exchange {
  /** Of HTTP: the whole request. Of gRPC: the message with its five-byte prefix. */
  readonly send: Buffer;
  /** Of HTTP: the body. Of gRPC: as sent. */
  readonly answer: Buffer;
}

/** A load to put on a server of this machine; local/toolchain/go/loadgen/plan.go has the rules. */
export interface LoadPlan {
  readonly port: number;
  readonly exchanges: readonly Exchange[];
  /** Default http1. */
  readonly protocol?: "http1" | "grpc";
  /** Of gRPC, pseudo-headers first. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly connections: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Requests a second that fall due whatever the server does. Default: each connection sends when it has its answer. */
  readonly rate?: number;
  /** After the last request was due; what has no answer by then is lost. Default 5. */
  readonly graceSeconds?: number;
  /** Parts of the report, seconds each. Default: none. */
  readonly windowSeconds?: number;
}

export interface LoadReport {
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly answered: number;
  readonly errors: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly bodies: number;
  readonly broken: number;
  readonly firstError?: string;
  /** At a given rate: due and never answered. */
  readonly lost: number;
  readonly reconnects: number;
  /** Microseconds. At a given rate from when the request was due. */
  readonly latency: Readonly<Record<"mean" | "p50" | "p90" | "p99" | "p999" | "max", number>>;
  readonly windows?: readonly {
    readonly second: number;
    readonly answered: number;
    readonly p50: number;
    readonly p99: number;
  }[];
}

/** The load generator, on a core that it shares with nothing. */
export class LoadGenerator {
  private readonly running = new Set<ReturnType<typeof spawn>>();

  constructor(
    private readonly executable: string,
    private readonly core: number,
  ) {}

  /** @throws Error when the generator itself fails; what the server does wrong is in the report */
  async run(plan: LoadPlan): Promise<LoadReport> {
    const { port, exchanges, protocol = "http1", headers = [], rate = 0, windowSeconds = 0 } = plan;
    const { connections, seconds, warmupSeconds, graceSeconds = 5 } = plan;
    const input = {
      address: `127.0.0.1:${port}`,
      protocol,
      headers,
      connections,
      rate,
      warmupSeconds,
      seconds,
      graceSeconds,
      windowSeconds,
      requests: exchanges.map(({ send, answer }) => ({
        send: send.toString("base64"),
        answer: answer.toString("base64"),
      })),
    };
    const child = spawn("taskset", ["-c", String(this.core), this.executable, "run"], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.running.add(child);
    const output: Buffer[] = [];
    const faults: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => faults.push(chunk));
    child.stdin.on("error", () => undefined);
    child.stdin.end(JSON.stringify(input));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }).finally(() => this.running.delete(child));
    if (code !== 0)
      throw new Error(`the load generator ended with ${code}: ${Buffer.concat(faults).toString()}`);
    return JSON.parse(Buffer.concat(output).toString()) as LoadReport;
  }

  /** What the generator can do when a server costs nothing: its own server, which answers "ok", on `core`. */
  async ceiling(core: number, plan: Omit<LoadPlan, "port" | "exchanges">): Promise<LoadReport> {
    const server = spawn("taskset", ["-c", String(core), this.executable, "answer"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.running.add(server);
    try {
      const port = await new Promise<number>((resolve, reject) => {
        server.once("error", reject);
        server.once("exit", () => reject(new Error("the trivial server ended")));
        server.stdout.once("data", (line: Buffer) => resolve(Number(line.toString())));
      });
      const send = Buffer.from("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      return await this.run({ ...plan, port, exchanges: [{ send, answer: Buffer.from("ok") }] });
    } finally {
      server.stdin.end();
      server.kill("SIGKILL");
      this.running.delete(server);
    }
  }

  kill(): void {
    for (const child of this.running) child.kill("SIGKILL");
    this.running.clear();
  }
}
