/** The language host of the toolchain's Pulumi as the engine sees it, and a project with an SDK that does what a test wants. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { type ClientReadableStream, credentials, type ServiceError } from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { terminalProgress } from "../../../local/progress";
import { ensureTools } from "../../../local/toolchain";

type Answer<Response> = (error: ServiceError | null, response: Response) => void;

/** What the SDK's entry point was started with. */
export interface Started {
  pid: number;
  script: string;
  argv: string[];
  env: Record<string, string>;
}

export class LanguageHost {
  private constructor(
    /** Stands for the engine: the host's parent. */
    readonly engine: ChildProcess,
    readonly pid: number,
    readonly client: LanguageRuntimeClient,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<LanguageHost> {
    const { pulumi } = await ensureTools(["pulumi"], { progress: terminalProgress() });
    // The shell prints the host's process id, the host its port.
    const script = '"$0" 127.0.0.1:1 & echo "pid $!"; wait';
    const engine = spawn("sh", ["-c", script, pulumi.bin["pulumi-language-nodejs"] ?? ""], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    let [pid, port] = ["", ""];
    for await (const line of createInterface(engine.stdout)) {
      if (line.startsWith("pid ")) pid = line.slice("pid ".length);
      else port = line;
      if (pid !== "" && port !== "") break;
    }
    const client = new LanguageRuntimeClient(`127.0.0.1:${port}`, credentials.createInsecure());
    return new LanguageHost(engine, Number(pid), client);
  }

  async stop(): Promise<void> {
    this.client.close();
    if (this.engine.exitCode !== null || this.engine.signalCode !== null) return;
    const ended = once(this.engine, "exit");
    try {
      this.signal("SIGINT");
    } catch (error) {
      // The host has ended, and its parent is about to.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    await ended;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  call<Response>(make: (client: LanguageRuntimeClient, answer: Answer<Response>) => void) {
    return new Promise<Response>((resolve, reject) =>
      make(this.client, (error, response) => (error === null ? resolve(response) : reject(error))),
    );
  }

  run(request: pb.RunRequest): Promise<pb.RunResponse> {
    return this.call<pb.RunResponse>((client, answer) => client.run(request, answer));
  }
}

/** Every message of a stream. @throws ServiceError as the stream ends with one */
export async function messages<Response>(
  stream: ClientReadableStream<Response>,
): Promise<Response[]> {
  const received: Response[] = [];
  for await (const message of stream as AsyncIterable<Response>) received.push(message);
  return received;
}

/** A program in `program/`, and an SDK above it whose entry points note how they were started, then run the test's code. */
export class NodeProject {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-host-"));
  readonly #note = path.join(this.root, "started.json");

  constructor(code: string) {
    this.package("@pulumi/pulumi", { version: "3.0.0" });
    for (const script of ["run", "run-plugin", "run-policy-pack"]) {
      const note = JSON.stringify(this.#note);
      const started = `{ pid: process.pid, script: "${script}", argv: process.argv.slice(2), env: process.env }`;
      this.write(
        `node_modules/@pulumi/pulumi/cmd/${script}/index.js`,
        `require("fs").writeFileSync(${note}, JSON.stringify(${started}));\n${code}\n`,
      );
    }
    fs.mkdirSync(this.program);
  }

  get program(): string {
    return path.join(this.root, "program");
  }

  /** Among the installed packages; `folder` is another node_modules. */
  package(name: string, manifest: Record<string, unknown>, folder = "node_modules"): void {
    this.write(`${folder}/${name}/package.json`, JSON.stringify({ name, ...manifest }));
  }

  write(file: string, text: string): void {
    const target = path.join(this.root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text, { mode: 0o755 });
  }

  info(options: Record<string, boolean | string> = {}): pb.ProgramInfo {
    return new pb.ProgramInfo()
      .setRootDirectory(this.root)
      .setProgramDirectory(this.program)
      .setEntryPoint("main.js")
      .setOptions(Struct.fromJavaScript(options));
  }

  request(options: Record<string, boolean | string> = {}): pb.RunRequest {
    return new pb.RunRequest().setPwd(this.program).setInfo(this.info(options));
  }

  /** @returns undefined: not yet, or only half-way */
  started(): Started | undefined {
    try {
      return JSON.parse(fs.readFileSync(this.#note, "utf8")) as Started;
    } catch {
      return undefined;
    }
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
