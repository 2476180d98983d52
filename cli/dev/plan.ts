import * as path from "node:path";
import type { ServiceConfig } from "../../infra/config/service";
import { ExitCode, UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";
import { capture, which } from "../shell";
import { PortPool } from "./ports";
import type { Place } from "./references";

/** A service of the stack as it will run on this machine. */
export interface DevService {
  readonly name: string;
  readonly namespace: string;
  readonly config: ServiceConfig;
  readonly runner: Runner;
  /** Of HTTP, on 127.0.0.1. */
  readonly port: number;
  /** Of the built-in server. */
  readonly grpcPort?: number;
  /** Of the built-in server. */
  readonly metricsPort?: number;
}

export type Runner =
  | { readonly kind: "server" }
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly cwd: string }
  | { readonly kind: "container"; readonly docker: string };

/** The first service's ports are the container's own; each further service's are ten higher. */
const FIRST_PORT = 8080;
const PORT_STEP = 10;
const METRICS_DISTANCE = 1010;

const DAEMON_TIMEOUT_MS = 5000;

/**
 * @param namespace of the services that name none
 * @param firstPort exactly the first service's. Default: 8080, or the next that is free
 * @throws UserError when a port is taken that must be free, or nothing can run an own container
 */
export async function planDev(
  services: Readonly<Record<string, ServiceConfig>>,
  namespace: string,
  firstPort?: number,
): Promise<DevService[]> {
  const pool = new PortPool();
  const planned: DevService[] = [];
  for (const [index, [name, config]] of Object.entries(services).entries()) {
    const runner = await runnerOf(name, config);
    const wished = (firstPort ?? FIRST_PORT) + index * PORT_STEP;
    const own = { name, config, runner, namespace: config.namespace ?? namespace };
    const exactly = (port: number, fix: string) => pool.exactly(port, `service ${name}`, fix);
    if (isHostNetwork(runner)) {
      const fix = `end what listens there, or give the service dev.command, which is told a free PORT`;
      planned.push({ ...own, port: await exactly(config.port, fix) });
      continue;
    }
    const port =
      index === 0 && firstPort !== undefined
        ? await exactly(firstPort, "name another one with --port")
        : await pool.next(runner.kind === "server" ? wished : config.port);
    if (runner.kind !== "server") planned.push({ ...own, port });
    else {
      const grpcPort = await pool.next(wished + 1);
      const metricsPort = await pool.next(wished + METRICS_DISTANCE);
      planned.push({ ...own, port, grpcPort, metricsPort });
    }
  }
  return planned;
}

/** Where the services answer, for what refers to them. @param host under which it reaches this machine */
export function placesOf(
  services: readonly DevService[],
  clusterGrpcPort: number,
  host: string,
): Place[] {
  return services.map(({ name, namespace, port, grpcPort }) => ({
    name,
    namespace,
    host,
    ports: new Map([
      [80, port],
      ...(grpcPort === undefined ? [] : [[clusterGrpcPort, grpcPort] as const]),
    ]),
  }));
}

/** A container on Linux has the machine's own ports; elsewhere Docker runs in a virtual machine, and its port is published. */
export function isHostNetwork(runner: Runner): boolean {
  return runner.kind === "container" && process.platform === "linux";
}

async function runnerOf(name: string, config: ServiceConfig): Promise<Runner> {
  if (config.models !== undefined) return { kind: "server" };
  if (config.dev !== undefined) {
    const { command, cwd = config.build?.context ?? "." } = config.dev;
    return { kind: "command", argv: command, cwd: path.resolve(repositoryRoot(), cwd) };
  }
  const docker = process.env["MODELPORT_DOCKER"] ?? which("docker");
  const version =
    docker === undefined
      ? undefined
      : await capture(docker, ["version", "--format", "{{.Server.Version}}"], DAEMON_TIMEOUT_MS);
  if (docker !== undefined && version?.code === 0) return { kind: "container", docker };
  throw new UserError(`service ${name} is a container, and nothing here can run one`, {
    why: docker === undefined ? "there is no docker command on PATH" : "no Docker daemon answers",
    fix: `start Docker; or say how its program is run without: modelport:services.${name}.dev: {command: [python3, app.py], cwd: DIR}`,
    exitCode: ExitCode.environment,
  });
}
