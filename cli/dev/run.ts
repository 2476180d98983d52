import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ExitCode, UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";
import { capture } from "../shell";
import { type Launch, launchOf } from "./launch";
import type { DevService } from "./plan";
import { ServiceProcess } from "./service-process";
import { watchFolder } from "./watch";

export interface DevRunOptions {
  readonly stack: string;
  readonly services: readonly DevService[];
  /** A line that a service wrote. */
  readonly onLine: (service: string, line: string) => void;
  /** What we have to say of a service. */
  readonly say: (service: string, text: string) => void;
}

interface Running {
  readonly service: DevService;
  readonly launch: Launch;
  readonly process: ServiceProcess;
}

const BUILD_TIMEOUT_MS = 10 * 60_000;
const READY_TIMEOUT_MS = 20_000;
const READY_PAUSE_MS = 50;
const PROBE_TIMEOUT_MS = 1000;

/** The services of a stack as processes of this machine, until they are stopped. */
export class DevRun {
  private readonly scratch = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-dev-"));
  private readonly running: Running[] = [];
  private readonly watchers: (() => void)[] = [];
  private stopping = false;

  constructor(private readonly options: DevRunOptions) {}

  /** Builds what has to be built and starts everything. @throws UserError when something can't be built */
  async start(): Promise<void> {
    const { stack, services, onLine, say } = this.options;
    for (const service of services) {
      const launch = launchOf(service, { stack, services, scratch: this.scratch });
      if (launch.build !== undefined) {
        say(service.name, `building ${launch.build.at(-1) ?? ""}`);
        const failure = await build(launch.build);
        if (failure !== undefined) throw buildFailed(service.name, failure);
      }
      const process = new ServiceProcess({
        ...launch,
        onLine: (line) => onLine(service.name, line),
        onCrash: (why, ms) => say(service.name, `${why}; starting it again in ${ms / 1000} s`),
      });
      this.running.push({ service, launch, process });
    }
    if (this.stopping) return;
    for (const { process } of this.running) process.start();
    this.watch();
  }

  /** @returns the services that answered in time */
  async ready(): Promise<ReadonlySet<string>> {
    const asked = this.running.map(async ({ service }) => {
      const { name, port, config } = service;
      const url = `http://127.0.0.1:${port}${config.health.ready}`;
      const end = Date.now() + READY_TIMEOUT_MS;
      while (Date.now() < end && !this.stopping) {
        if (await answers(url)) return [name];
        await new Promise((resolve) => setTimeout(resolve, READY_PAUSE_MS));
      }
      return [];
    });
    return new Set((await Promise.all(asked)).flat());
  }

  /** Ends everything and leaves nothing. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const end of this.watchers) end();
    await Promise.all(this.running.map(({ process }) => process.stop()));
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }

  /** Does not wait for anybody to finish. */
  kill(): void {
    for (const { process } of this.running) process.kill();
  }

  /** Code that changed is built and started; models are followed by the server itself. */
  private watch(): void {
    const servers = this.running.filter(({ service }) => service.runner.kind === "server");
    const root = repositoryRoot();
    const bundler = path.join(root, "local", "build.js");
    if (servers.length > 0)
      this.follow(path.join(root, "app", "server"), servers, async () => {
        const before = bundleTimes(root);
        const failure = await build([process.execPath, bundler, "server"]);
        if (failure === undefined && bundleTimes(root) === before) return;
        await this.replace(servers, failure);
      });
    for (const one of this.running) {
      const { build: command, sources } = one.launch;
      if (command === undefined || sources === undefined) continue;
      this.follow(sources, [one], async () => this.replace([one], await build(command)));
    }
  }

  /** Calls `changed` when something in the folder changed; what fails is said of the services made from it. */
  private follow(folder: string, running: readonly Running[], changed: () => Promise<void>): void {
    const failed = (error: unknown): void => {
      for (const { service } of running)
        this.options.say(service.name, `a change could not be followed: ${String(error)}`);
    };
    this.watchers.push(watchFolder(folder, changed, failed));
  }

  private async replace(running: readonly Running[], failure: string | undefined): Promise<void> {
    if (this.stopping) return;
    const told = failure === undefined ? "code changed, starting it anew" : `not built: ${failure}`;
    for (const { service } of running) this.options.say(service.name, told);
    if (failure === undefined) await Promise.all(running.map(({ process }) => process.restart()));
  }
}

/** @returns what it complained of, undefined when it went well */
async function build([command = "", ...args]: readonly string[]): Promise<string | undefined> {
  const { code, stdout, stderr } = await capture(command, args, BUILD_TIMEOUT_MS);
  if (code === 0) return undefined;
  const complaint = stderr.trim() === "" ? stdout : stderr;
  // After its complaints the bundler throws, which says the same again.
  return (complaint.split(/\n(?=\/.*\n.*throw )/)[0] ?? "").trim();
}

function bundleTimes(root: string): string {
  const dist = path.join(root, "dist");
  return fs
    .readdirSync(dist)
    .filter((file) => /^server.*\.js$/.test(file))
    .map((file) => `${file}:${fs.statSync(path.join(dist, file)).mtimeMs}`)
    .join();
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function buildFailed(service: string, why: string): UserError {
  return new UserError(`service ${service} could not be built`, {
    why,
    fix: "mend it and run the same command again",
    exitCode: ExitCode.failed,
  });
}
