import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { ONLY_CLUSTER } from "../infra/only-cluster";
import { ExitCode, UserError } from "../local/errors";
import type { Variables } from "./backend";
import { onInterrupt } from "./interrupt";
import { endPlugins, recordRun, RUN_VARIABLE, runMark } from "./runs";
import { type Deployment, toDeployment } from "./state";

/** Stands for an exit code where a signal ended the process. */
export const KILLED = 137;

export interface EngineOptions {
  /** The `pulumi` binary. */
  pulumi: string;
  /** The folder that holds Pulumi.yaml. */
  cwd: string;
  stack: string;
  /** Everything `pulumi` needs beside this process's environment. */
  variables: Variables;
}

export interface EngineResult {
  stdout: string;
  stderr: string;
}

export type OnEvent = (event: EngineEvent) => void;

/** What `pulumi` printed when it failed. */
export class EngineError extends Error {
  constructor(
    readonly command: string,
    readonly output: string,
    readonly exitCode: number,
  ) {
    super(`pulumi ${command} failed`);
  }
}

/**
 * Pulumi's engine, by one process a request. It speaks the Automation API's protocol (its flags, its typed events) without
 * the API's `Stack`, which starts the CLI five times for one update, and in the terminal's process group, where Ctrl-C
 * reaches it twice: a second interrupt makes the engine drop what is under way.
 */
export class Engine {
  constructor(private readonly options: EngineOptions) {}

  /** Without a separate preview: it would run the program twice, and nobody is there to answer its question. */
  async up(onEvent: OnEvent): Promise<void> {
    await this.change(["up", "--yes", "--skip-preview"], onEvent);
  }

  /**
   * @param newLogin the program gives clusters a new login first. Default: the state's is good
   * @param more variables of this run alone
   */
  async destroy(onEvent: OnEvent, newLogin = false, more: Variables = {}): Promise<void> {
    await this.change(["destroy", "--yes", "--skip-preview"], onEvent, newLogin, more);
  }

  /** @param urns only these; default: all. @param newLogin as for {@link destroy} @param more as for {@link destroy} */
  async refresh(
    onEvent: OnEvent,
    urns: readonly string[] = [],
    newLogin = false,
    more: Variables = {},
  ): Promise<void> {
    const flags = ["--clear-pending-creates", ...targets(urns)];
    await this.change(["refresh", "--yes", "--skip-preview", ...flags], onEvent, newLogin, more);
  }

  /** Gives clusters a new login, and leaves pending creations pending. @param providers URNs of those who log in */
  async renewLogin(onEvent: OnEvent, providers: readonly string[]): Promise<void> {
    await this.change(["refresh", "--yes", "--skip-preview", ...targets(providers)], onEvent, true);
  }

  /** Shows what would change, in Pulumi's own words. @returns pulumi's exit code */
  preview(flags: readonly string[]): Promise<number> {
    const child = this.start(["preview", ...flags], "inherit");
    return exitCode(child);
  }

  async exists(): Promise<boolean> {
    try {
      await this.request(["stack", "--show-name"]);
      return true;
    } catch (error) {
      if (error instanceof EngineError && /no stack named/.test(error.output)) return false;
      throw error;
    }
  }

  /** Makes the stack, and plain `pulumi` commands mean it. */
  async init(): Promise<void> {
    await this.request(["stack", "init"]);
  }

  /** Makes plain `pulumi` commands mean this stack. */
  async select(): Promise<void> {
    await this.request(["stack", "select"]);
  }

  /** Removes the stack's state, even if resources are left in it. Never touches Pulumi.<stack>.yaml. */
  async remove(): Promise<void> {
    await this.request(["stack", "rm", "--yes", "--force", "--preserve-config"]);
  }

  /** @param showSecrets decrypted. Default: false */
  async outputs(showSecrets = false): Promise<Record<string, unknown>> {
    const flags = showSecrets ? ["--show-secrets"] : [];
    const { stdout } = await this.request(["stack", "output", "--json", ...flags]);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The state with its secrets in plain text; never written anywhere. */
  async export(): Promise<{
    document: { deployment: Record<string, unknown> };
    state: Deployment;
  }> {
    const { stdout } = await this.request(["stack", "export", "--show-secrets"]);
    const document = JSON.parse(stdout) as { deployment: Record<string, unknown> };
    return { document, state: toDeployment(document.deployment) };
  }

  /** Replaces the state; pending operations are dropped. */
  async import(document: unknown): Promise<void> {
    await this.request(["stack", "import"], JSON.stringify(document));
  }

  /** Runs a change to its end, or to a clean stop after Ctrl-C. */
  private async change(
    args: string[],
    onEvent: OnEvent,
    newLogin = false,
    more: Variables = {},
  ): Promise<void> {
    const flags = newLogin ? ["--run-program", "--json"] : ["--json"];
    const child = this.start([...args, ...flags], "pipe", {
      ...more,
      ...(newLogin ? { [ONLY_CLUSTER]: "true" } : {}),
    });
    const ending = onInterrupt(child);
    const forget = recordRun(this.options.stack, child.pid ?? 0);
    const other: string[] = [];
    const lines = createInterface({ input: child.stdout ?? process.stdin });
    lines.on("line", (line) => {
      const event = parseEvent(line);
      if (event === undefined) other.push(line);
      else onEvent(event);
    });
    const stderr = collect(child.stderr);
    const code = await exitCode(child);
    ending.done();
    if (code === KILLED) endPlugins(this.options.stack);
    forget();
    if (ending.interrupted) throw interruptedError();
    if (code !== 0) throw this.failure(args[0] ?? "", `${other.join("\n")}\n${stderr()}`, code);
  }

  /** A short command that answers at once. */
  private async request(args: string[], input?: string): Promise<EngineResult> {
    const child = this.start(args, "pipe");
    child.stdin?.end(input);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const code = await exitCode(child);
    if (code !== 0) throw this.failure(args.slice(0, 2).join(" "), stderr(), code);
    return { stdout: stdout(), stderr: stderr() };
  }

  private start(args: string[], output: "pipe" | "inherit", more: Variables = {}): ChildProcess {
    const { pulumi, cwd, stack, variables } = this.options;
    const input = output === "pipe" ? "pipe" : "inherit";
    const child = spawn(pulumi, [...args, "--stack", stack, "--non-interactive"], {
      cwd,
      env: {
        ...process.env,
        ...variables,
        ...more,
        PULUMI_AUTOMATION_API: "true",
        [RUN_VARIABLE]: runMark(stack),
      },
      stdio: [input, output, output],
      // A group of its own: the terminal's Ctrl-C comes to us alone, and we pass it on once.
      detached: output === "pipe",
    });
    if (output === "pipe" && !args.includes("import")) child.stdin?.end();
    return child;
  }

  private failure(command: string, output: string, code: number): Error {
    return new EngineError(command, clean(output), code);
  }
}

const targets = (urns: readonly string[]) => urns.flatMap((urn) => ["--target", urn]);

/** @returns an event, undefined for a line that is none */
function parseEvent(line: string): EngineEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(
        new UserError("pulumi can't be started", {
          why: error.message,
          fix: "npm run cli -- doctor",
          exitCode: ExitCode.environment,
        }),
      ),
    );
    child.once("close", (code) => resolve(code ?? KILLED));
  });
}

function clean(output: string): string {
  return output
    .replaceAll(/\u001b\[[0-9;]*m/g, "")
    .replaceAll(/^error: /gm, "")
    .trim();
}

function interruptedError(): UserError {
  return new UserError("interrupted", {
    why: "what had begun was finished or noted; nothing is lost",
    fix: "run the same command again to continue, or `npm run down` to take everything away",
    exitCode: ExitCode.interrupted,
  });
}
