import type { Command } from "commander";
import type { ServiceConfig } from "../../infra/config/service";
import { ExitCode, UserError } from "../../local/errors";
import { build } from "../build";
import { planDev, type DevService } from "../dev/plan";
import { DevRun } from "../dev/run";
import { onStop } from "../interrupt";
import { curlLine, exampleBody } from "../prediction";
import { servicesOf } from "../secrets";
import { openStack } from "../session";

export function registerDev(program: Command): void {
  program
    .command("dev")
    .summary("run the services of a stack on this machine, without Kubernetes")
    .description(
      "Runs the services of a stack as processes of this machine, until Ctrl-C: same paths and environment as deployed.\nChanged models are served without a restart; changed code is built and started anew.\nAn own container runs as its `dev.command`, or else by a Docker daemon.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--service <names...>", "only these. Default: all")
    .option("--port <number>", "port of the first service. Default: 8080, or the next free one")
    .action(dev);
}

interface DevOptions {
  stack?: string;
  service?: string[];
  port?: string;
}

async function dev(options: DevOptions): Promise<void> {
  const port = options.port === undefined ? undefined : parsePort(options.port);
  const context = await openStack(options.stack);
  const wanted = choose(await servicesOf(context.stack, context.settings), options.service);
  const { stackNamespace } = await import("../../infra/naming.js");
  const services = await planDev(wanted, stackNamespace(context.stack), port);
  if (services.some(({ runner }) => runner.kind === "server")) build(["server"]);
  const print = printer(services);
  const run = new DevRun({
    stack: context.stack,
    services,
    onLine: (service, line) => print(service, line, process.stdout),
    say: (service, text) => print(service, text, process.stderr),
  });
  let signal: NodeJS.Signals | undefined;
  const stopped = new Promise<void>((resolve, reject) => {
    onStop(
      (name) => {
        signal = name;
        process.stderr.write("\nending …\n");
        run.stop().then(resolve, reject);
      },
      () => run.kill(),
    );
  });
  try {
    await run.start();
    const ready = await run.ready();
    if (signal === undefined) process.stdout.write(table(services, ready));
  } catch (error) {
    await run.stop();
    throw error;
  }
  await stopped;
  // Watching is over, but a terminal that is closed or slow may still hold the event loop.
  process.exit(signal === "SIGINT" ? ExitCode.interrupted : 0);
}

function choose(
  services: Readonly<Record<string, ServiceConfig>>,
  names: readonly string[] | undefined,
): Record<string, ServiceConfig> {
  const unknown = names?.find((name) => !(name in services));
  if (unknown !== undefined)
    throw new UserError(`there is no service ${JSON.stringify(unknown)}`, {
      why: `the stack's services: ${Object.keys(services).join(", ")}`,
      fix: "name one of them with --service, or none for all",
      exitCode: ExitCode.usage,
    });
  return Object.fromEntries(
    Object.entries(services).filter(([name]) => names?.includes(name) ?? true),
  );
}

/** Lines of all services, each with its service's name in front. */
function printer(services: readonly DevService[]) {
  const width = Math.max(...services.map(({ name }) => name.length));
  return (service: string, text: string, stream: NodeJS.WriteStream): void => {
    const lines = text.split("\n").map((line) => `${service.padEnd(width)} | ${line}\n`);
    stream.write(lines.join(""));
  };
}

function table(services: readonly DevService[], ready: ReadonlySet<string>): string {
  const lines = services.flatMap((service) => {
    const { name, port, config } = service;
    const url = `http://127.0.0.1:${port}`;
    const mark = ready.has(name) ? "✓" : "✗";
    return [`${mark} ${name}  ${url}  ${describe(service)}`, `    ${tryLine(url, config)}`];
  });
  const silent = services.filter(({ name }) => !ready.has(name)).map(({ name }) => name);
  return [
    "",
    ...lines,
    ...(silent.length === 0 ? [] : [`not ready yet: ${silent.join(", ")}; see the lines above`]),
    "Ctrl-C ends it",
    "\n",
  ].join("\n");
}

function describe({ runner, config, grpcPort, metricsPort }: DevService): string {
  if (runner.kind === "server")
    return `models ${(config.models ?? []).join(", ")}; gRPC 127.0.0.1:${grpcPort ?? 0}, metrics http://127.0.0.1:${metricsPort ?? 0}/metrics`;
  return runner.kind === "command" ? runner.argv.join(" ") : "container";
}

/** A line to paste. */
function tryLine(url: string, config: ServiceConfig): string {
  const { models, prediction, apiKeys } = config;
  const needsKey = Object.keys(apiKeys).length > 0;
  const body =
    prediction === undefined
      ? exampleBody(config.env["DEFAULT_MODEL"] ?? models?.[0])
      : JSON.stringify(prediction.body);
  if (body === undefined) return `curl -sS ${url}`;
  return curlLine(url, body, { needsKey, path: prediction?.path ?? "/predict" });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new UserError(`${JSON.stringify(text)} is not a port`, {
    why: "it must be a whole number from 1 to 65535",
    fix: "npm run dev -- --port 8080",
    exitCode: ExitCode.usage,
  });
}
